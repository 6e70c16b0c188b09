import type { Scenario } from '../scenario.js';
import type { Stage } from '../stage.js';
import { holdTransaction } from '../world/held-transaction.js';
import { untilGone, whoWaitsFor } from '../world/lock-waits.js';

/** Of the 2,000 clients of a first page, the one at whose message the page is held up. */
const HELD_AT = 1_000;

/** Messages that were ever numbered: a sequence shows what is not committed yet, too. */
async function messagesNumbered(stage: Stage): Promise<number> {
  const [row] = await stage.world.query<{ numbered: number }>(
    `SELECT pg_sequence_last_value(pg_get_serial_sequence('messages', 'id')::regclass) AS numbered`,
  );
  return row?.numbered ?? 0;
}

const killedInsideAPage: Scenario = {
  name: 'planner-killed-inside-a-page',
  what: 'the only planner is killed while its page waits inside Postgres, half of its messages written',
  quick: false,
  options: { dispatchers: 1 },
  async run(stage) {
    const { world } = stage;
    await stage.behave({ latencyMs: 10 });
    const clients = await stage.load.clients(4_000);
    const [planner] = world.dispatchers;
    const mailing = await stage.load.mailing({ startsInMs: 2_000 });
    // The page can't know whether this client's message will stay, and has to wait before its own.
    const sameMessage = `INSERT INTO messages (mailing_id, client_id, batch_id, phone)
      VALUES (${mailing.id}, ${clients[HELD_AT]?.id}, 0, 0)`;
    const page = await holdTransaction(world.databaseUrl, sameMessage, async (holder) => {
      const before = await messagesNumbered(stage);
      const waiting = await whoWaitsFor(world, holder.pid, 'a page waits');
      const written = (await messagesNumbered(stage)) - before;
      stage.expect(written >= HELD_AT, `the page had written only ${written} messages`);
      await planner?.kill();
      return waiting;
    });
    await untilGone(world, page);
    const left = await world.query('SELECT FROM messages UNION ALL SELECT FROM batches');
    stage.expect(left.length === 0, `${left.length} rows are left of a page that was not finished`);
    await planner?.start();
    const more = { ms: 10_000, why: 'the lease on the mailing' };
    if (planner) await stage.recovery('the planner', { by: planner, more });
  },
};

export const plannerKills = [killedInsideAPage];
