import { until } from '../../support/until.js';
import type { Scenario } from '../scenario.js';
import { holdTransaction } from '../world/held-transaction.js';

const killedInsideAPage: Scenario = {
  name: 'planner-killed-inside-a-page',
  what: 'the only planner is killed while its page waits inside Postgres, half written',
  quick: false,
  options: { dispatchers: 1 },
  async run(stage) {
    const { world } = stage;
    await stage.behave({ latencyMs: 10 });
    await stage.load.clients(4_000);
    const [planner] = world.dispatchers;
    // Messages can't be written, which comes after the batches of a page.
    await holdTransaction(world.databaseUrl, 'LOCK TABLE messages IN SHARE MODE', async () => {
      await stage.load.mailing();
      await until('a page waits', async () => {
        const rows = await world.query(
          `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%plan_cursor%'
           AND pid <> pg_backend_pid()`,
        );
        return rows.length > 0;
      });
      await planner?.kill();
    });
    await planner?.start();
    const more = { ms: 10_000, why: 'the lease on the mailing' };
    if (planner) await stage.recovery('the planner', { by: planner, more });
  },
};

export const plannerKills = [killedInsideAPage];
