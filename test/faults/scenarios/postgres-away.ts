import type { Scenario } from '../scenario.js';
import type { Stage } from '../stage.js';
import { holdTransaction } from '../world/held-transaction.js';

/** Batches that somebody took back from a dispatcher that he thought dead. */
async function reclaimed(stage: Stage): Promise<number> {
  const [row] = await stage.world.query<{ count: number }>(
    `SELECT count(*) FROM attempts WHERE error LIKE 'the dispatcher stopped%'`,
  );
  return row?.count ?? 0;
}

const postgresHalfAMinute: Scenario = {
  name: 'postgres-30-s-away',
  what: 'Postgres is stopped for 30 s in mid-send, for longer than any lease: nobody takes what another has',
  quick: false,
  async run(stage) {
    await stage.behave({ latencyMs: 20 });
    await stage.load.clients(3_000);
    for (let nth = 0; nth < 3; nth += 1) await stage.load.mailing();
    await stage.received(800);
    await stage.world.postgres.terminate();
    // A slice takes a fraction of a second; nothing may leave after it.
    await stage.pass(2_000);
    const { requests } = await stage.provider.summary();
    await stage.pass(28_000);
    const late = (await stage.provider.summary()).requests - requests;
    stage.expect(late === 0, `${late} requests while Postgres was away`);
    await stage.world.postgres.start();
    await stage.recovery('Postgres');
    await stage.pass(3_000);
    const taken = await reclaimed(stage);
    stage.expect(taken === 0, `${taken} messages were taken for those of a dead dispatcher`);
  },
};

const stalledNetwork: Scenario = {
  name: 'stalled-network',
  what: 'one dispatcher alone can not reach Postgres for longer than its lease; the others take over what it had',
  quick: false,
  options: { dispatchers: 1 },
  async run(stage) {
    await stage.behave({ latencyMs: 20 });
    const proxy = await stage.world.postgresProxy();
    const cutOff = await stage.world.addDispatcher({ postgres: proxy });
    await stage.load.clients(3_000);
    for (let nth = 0; nth < 3; nth += 1) await stage.load.mailing();
    await stage.received(500);
    proxy.stall();
    const { MAX_UNRECORDED, LEASE_MS, OWNER_SILENCE_MS } = stage.world.settings;
    cutOff.write('can not reach Postgres', Number(MAX_UNRECORDED));
    await stage.recovery('the loss of one');
    await stage.pass(Number(LEASE_MS) + Number(OWNER_SILENCE_MS) + 1_500);
    const taken = await reclaimed(stage);
    stage.expect(taken > 0, 'nobody took over what it had');
    proxy.mend();
    await stage.pass(1_500);
  },
};

const oldTransaction: Scenario = {
  name: 'old-transaction',
  what: 'a transaction is held open for a minute of sending, so that nothing that dies can be cleaned up',
  quick: false,
  options: { settleMs: 90_000, deadlineMs: 240_000 },
  async run(stage) {
    await stage.behave({ latencyMs: 40 });
    await stage.load.clients(5_000);
    for (let nth = 0; nth < 11; nth += 1) await stage.load.mailing();
    await stage.received(1_500);
    const rate = async (seconds: number) => {
      const before = (await stage.provider.summary()).requests;
      await stage.pass(seconds * 1_000);
      return ((await stage.provider.summary()).requests - before) / seconds;
    };
    const before = await rate(5);
    stage.world.postgres.write('a transaction is held open for 60 s');
    await holdTransaction(stage.world.databaseUrl, 'SELECT pg_current_xact_id()', async () => {
      await stage.pass(45_000);
      const during = await rate(15);
      stage.expect(
        during >= before / 2,
        `${during.toFixed(0)}/s at the end of the minute, ${before.toFixed(0)}/s before it`,
      );
    });
  },
};

export const postgresAway = [postgresHalfAMinute, stalledNetwork, oldTransaction];
