import { purgeExpiredKeys } from '#libs/idempotency';
import { countUnknown, lockMailing, reopenMailing, resolveMessages } from '#libs/messages';
import { leasePlan, planPage, releasePlan } from '#libs/queue/plan';
import {
  closeSpentBatches,
  finishMailings,
  moveBatchesToNextWindow,
  purgeDeletedMailings,
} from '#libs/queue/recover';
import {
  beatHeart,
  confirmControlChanges,
  findControlChanges,
  findRecentControlChanges,
  measureDueBacklog,
  queueChecks,
  registerDispatcher,
  unregisterDispatcher,
} from '#libs/queue/watch';
import { CLIENTS, dispatcher, mailing } from './big-tables.js';
import type { Cases, Scene } from './scene.js';

const SHARD = 3;
const me = { id: '00000000-0000-4000-8000-000000000004', host: 'here', pid: 4 };

/** What every dispatcher does now and then, whatever is sent meanwhile. */
export const dutyCases: Cases = {
  'batches of an ended mailing are closed': async (scene) => {
    await scene.given(`UPDATE mailings SET finished_at = now() WHERE id = $1`, [mailing.cancelled]);
    await closeSpentBatches(scene.sql, SHARD);
  },
  'batches of a cancelled mailing are closed': async (scene) => {
    await scene.given(`UPDATE mailings SET finished_at = now() WHERE id = $1`, [mailing.ended]);
    await closeSpentBatches(scene.sql, SHARD);
  },
  'there are no batches to close': async (scene) => {
    await scene.given(`UPDATE mailings SET end_at = now() + interval '1 day', status = 'running'
      WHERE id IN (${mailing.ended}, ${mailing.cancelled})`);
    await closeSpentBatches(scene.sql, SHARD);
  },
  'batches move to their next window': ({ sql }) => moveBatchesToNextWindow(sql, 500),
  'mailings are finished': ({ sql }) => finishMailings(sql),
  'batches of a deleted mailing are purged': ({ sql }) => purgeDeletedMailings(sql, SHARD),
  'a deleted mailing is purged': async (scene) => {
    await scene.given('UPDATE mailings SET deleted_at = NULL WHERE id = $1', [mailing.deleted]);
    await purgeDeletedMailings(scene.sql, SHARD);
  },
  'expired keys are purged': ({ sql }) => purgeExpiredKeys(sql),
  'the backlog is measured': ({ sql }) => measureDueBacklog(sql),
  'the backlog is measured when all waits for later': async (scene) => {
    await scene.given(`UPDATE clock_offset SET by_interval = '-2 hours'`);
    await measureDueBacklog(scene.sql);
  },
  'health is asked for while the breaker is open': async (scene) => {
    await scene.given(`UPDATE providers SET breaker = 'open', reason = 'down'`);
    for (const check of queueChecks(scene.sql)) await check.look();
  },
  'a dispatcher comes, lives and goes': async ({ sql }) => {
    const shard = await registerDispatcher(sql, me);
    await beatHeart(sql, { ...me, shard }, 10_000);
    await unregisterDispatcher(sql, me.id);
  },
  'changes of mailings are found and confirmed': async ({ sql, given }) => {
    // Anew, as the tables may have been made more than a minute ago; nothing found would be planned by any index.
    await given('UPDATE mailings SET control_at = ems_now() WHERE id = $1', [mailing.paused]);
    const found = await findRecentControlChanges(sql);
    const confirmed = found.map(({ mailingId, version }) => ({
      mailingId,
      version: version + 1,
      inFlight: 0,
    }));
    await confirmControlChanges(sql, dispatcher.living, confirmed);
    await findControlChanges(
      sql,
      found.map(({ mailingId }) => mailingId),
    );
  },
};

/** One page of 20,000 clients, for each kind of audience. */
export const planningCases: Cases = {
  'everyone is planned': (scene) => planned(scene, 0, {}),
  'a common tag is planned': (scene) => planned(scene, 1, { tags: ['common'] }),
  'a rare tag is planned': (scene) => planned(scene, 2, { tags: ['rare'] }),
  'everyone without a tag is planned': (scene) => planned(scene, 3, { excludeTags: ['common'] }),
  'some operators are planned': (scene) => planned(scene, 4, { operatorCodes: ['903', '905', '906'] }),
  'some zones are planned': (scene) => planned(scene, 5, { timezones: ['Asia/Omsk', 'Asia/Tokyo'] }),
  'everything at once is planned': (scene) =>
    planned(scene, 6, {
      tags: ['common'],
      excludeTags: ['rare'],
      operatorCodes: ['902', '904'],
      timezones: ['Europe/Moscow'],
    }),
  'local windows are planned': (scene) => planned(scene, 7, {}, `window_from = '09:00', window_to = '21:00'`),
  'a later page is planned': (scene) =>
    planned(scene, 8, {}, `plan_cursor = ${CLIENTS / 2}, plan_upto = ${CLIENTS}`),
};

/** Each case has a mailing of its own, since what is rolled back stays in the way in the index. */
async function planned(scene: Scene, nth: number, audience: object, also = 'priority = 1'): Promise<void> {
  await scene.given(
    `UPDATE mailings SET start_at = now() - interval '1 minute', audience = $2, ${also} WHERE id = $1`,
    [mailing.scheduled + nth, audience],
  );
  const lease = await leasePlan(scene.sql, 30_000);
  if (!lease) throw new Error('There is a mailing to be planned');
  await planPage(scene.sql, lease, { size: 20_000, guardMs: 500, leaseMs: 30_000, shard: SHARD });
  await releasePlan(scene.sql, lease);
}

/** What a person decides about messages that may have been sent. */
export const resolvingCases: Cases = {
  'a thousand unknown messages are sent again': async ({ sql, given }) => {
    const unknown = await given<{ id: number }>(
      `SELECT id FROM messages WHERE mailing_id = $1 AND status = 'unknown' ORDER BY id LIMIT 1000`,
      [mailing.large],
    );
    await lockMailing(sql, mailing.large);
    const messages = { mailingId: mailing.large, ids: unknown.map(({ id }) => id) };
    await resolveMessages(sql, messages, 'resend', SHARD);
    await reopenMailing(sql, mailing.large);
    await countUnknown(sql, mailing.large);
  },
};
