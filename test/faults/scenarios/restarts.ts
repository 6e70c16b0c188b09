import type { Scenario } from '../scenario.js';
import type { Stage } from '../stage.js';
import { busy, busyForLong, hurry } from './busy.js';

/** Nothing may be in doubt where nobody died. */
async function expectNoDoubt(stage: Stage): Promise<void> {
  const [row] = await stage.world.query<{ doubts: number }>(
    `SELECT count(*) AS doubts FROM attempts WHERE outcome = 'ambiguous'`,
  );
  stage.expect(row?.doubts === 0, `${row?.doubts} ambiguous attempts where there should be none`);
}

const rollingRestart: Scenario = {
  name: 'rolling-restart',
  what: 'SIGTERM of one dispatcher after the other under load, and each started again: nothing doubled or in doubt',
  quick: true,
  async run(stage) {
    await busyForLong(stage);
    await stage.times(2, async () => {
      for (const dispatcher of stage.world.dispatchers) {
        await stage.pass(stage.random.between(200, 800));
        const code = await dispatcher.terminate();
        stage.expect(code === 0, `${dispatcher.name} ended with ${code}`);
        const listed = await stage.world.query('SELECT FROM dispatchers');
        stage.expect(listed.length === 1, `${listed.length} dispatchers are listed when one is left`);
        await dispatcher.start();
        await stage.recovery(dispatcher.name, { by: dispatcher });
      }
    });
    await hurry(stage);
    await expectNoDoubt(stage);
  },
};

const comeAndGo: Scenario = {
  name: 'come-and-go',
  what: 'a dispatcher joins in mid-mailing, another leaves for good: nothing doubled or in doubt',
  quick: false,
  async run(stage) {
    await busy(stage);
    const [leaving] = stage.world.dispatchers;
    const joining = await stage.world.addDispatcher();
    joining.write('joins');
    await stage.pass(stage.random.between(200, 1_000));
    stage.expect((await leaving?.terminate()) === 0, 'it did not end by itself');
    await expectNoDoubt(stage);
  },
};

export const restarts = [rollingRestart, comeAndGo];
