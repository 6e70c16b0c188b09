import type { Scenario } from '../scenario.js';
import { busy } from './busy.js';

const controlStorm: Scenario = {
  name: 'control-storm',
  what: 'mailings are paused, resumed, cancelled and given other ends at random, several at a time',
  quick: false,
  async run(stage) {
    await busy(stage);
    const mailings = [...stage.ledger.mailings.values()];
    await stage.whileSending(0.5, async () => {
      await Promise.all(
        mailings.map(async (mailing, nth) => {
          await stage.pass(stage.random.between(0, 400));
          const change = stage.random.pick(['pause', 'resume', 'resume', 'end'] as const);
          if (change === 'end') await stage.load.moveEnd(mailing, stage.random.between(60_000, 600_000));
          // The first is cancelled at some time, and no resumption helps it then.
          else await stage.load.control(mailing, nth === 0 && stage.random.next() < 0.1 ? 'cancel' : change);
        }),
      );
    });
    // The one at the end finds little left to stop, so it has to have happened in the storm.
    const confirmed = mailings.flatMap(({ controls }) => controls).filter(({ state }) => state === 'stopped');
    stage.notes.push(`${confirmed.length} stops were confirmed by every dispatcher`);
    stage.expect(confirmed.length > 0, 'no stop was confirmed by every dispatcher');
    for (const mailing of mailings) await stage.load.control(mailing, 'resume');
    const [first] = mailings;
    if (first) await stage.load.control(first, 'cancel');
  },
};

export const control = [controlStorm];
