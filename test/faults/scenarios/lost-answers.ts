import { setTimeout as wait } from 'node:timers/promises';
import type { Scenario } from '../scenario.js';
import type { Stage } from '../stage.js';
import type { TcpProxy } from '../tcp-proxy.js';

/** Milliseconds in which a statement that is asked all the time must have been asked. */
const ASKED_WITHIN = 10_000;

/** What a dispatcher asks Postgres for while it sends, by the names of its statements. */
const whileSending = [
  'grant-slice',
  'record-sent-and-grant-slice',
  'record-outcomes',
  'release-batch',
  'heartbeat',
  'find-expired-leases',
  'COMMIT',
] as const;

/** And for what it asks when it has nothing to send and a mailing comes: who sends finds more without tickets. */
const whenIdle = ['choose-tickets', 'lease-ticketed-batch'] as const;

/** Loses the answer to the next statement of that name: it is done, and whoever asked does not know. */
export async function lose(stage: Stage, proxy: TcpProxy, statement: string): Promise<void> {
  const lost = await Promise.race([
    proxy.swallowAnswerTo(statement).then(() => true),
    wait(ASKED_WITHIN, false, { ref: false }),
  ]);
  stage.expect(lost, `${statement} was not asked within ${ASKED_WITHIN} ms`);
  if (lost) stage.world.postgres.write(`its answer to ${statement} is lost`);
}

const lostAnswers: Scenario = {
  name: 'lost-answers',
  what: 'the connection to Postgres breaks after each kind of statement was carried out and before its answer came',
  quick: false,
  options: { dispatchers: 0 },
  async run(stage) {
    await stage.behave({ latencyMs: 20, faults: [{ kind: 'codeBody', code: 7, every: 50 }] });
    const proxy = await stage.world.postgresProxy();
    await stage.load.clients(3_000);
    await stage.world.addDispatcher({ postgres: proxy });
    for (const statement of stage.random.shuffle([...whenIdle])) {
      const [mailing] = await Promise.all([stage.load.mailing(), lose(stage, proxy, statement)]);
      await stage.completed(mailing);
    }
    const planned = proxy.swallowAnswerTo('plan-page-all');
    for (let nth = 0; nth < 4; nth += 1) await stage.load.mailing();
    await planned;
    stage.world.postgres.write('its answer to plan-page is lost');
    for (const statement of stage.random.shuffle([...whileSending])) {
      await lose(stage, proxy, statement);
      await stage.recovery(`a lost answer to ${statement}`);
    }
    // Without tickets it looks for work by itself.
    await stage.world.nats.terminate();
    await lose(stage, proxy, 'lease-due-batch');
    await stage.recovery('a lost answer to lease-due-batch');
    await stage.world.nats.start();
    const [row] = await stage.world.query<{ doubts: number }>(
      `SELECT count(*) AS doubts FROM attempts WHERE outcome = 'ambiguous'`,
    );
    stage.expect(row?.doubts === 0, `${row?.doubts} messages were in doubt, and nobody had died`);
  },
};

export const lostAnswersOfPostgres = [lostAnswers];
