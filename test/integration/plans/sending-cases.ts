import {
  closeBreaker,
  findBreaker,
  openBreaker,
  prolongOpenBreaker,
  reopenBreaker,
  takeProbe,
} from '#libs/providers/breaker';
import { grantPacedSlice } from '#libs/queue/grant';
import { isOutranked, takeTickets, type WaitingMessage } from '#libs/queue/lease';
import type { RetrySource } from '#libs/queue/record';
import { findExpiredLeases, freeForgottenBatches, reclaimAbandonedBatches } from '#libs/queue/recover';
import { ambiguous, failed, notNow, sent, unknown } from '../../support/message-outcomes.js';
import { QueueDispatcher, SILENCE, steadyJudge } from '../../support/queue-dispatcher.js';
import { dispatcher, firstBatch, mailing } from './big-tables.js';
import type { Cases, Scene } from './scene.js';

const SLICE = 64;
const FLUSH = 128;

const leased = { id: firstBatch.leased, fence: 1 };
const limited = { id: firstBatch.limited, fence: 1 };
const source: RetrySource = { ...leased, mailingId: mailing.sending, timezone: null, notAfter: Infinity };
const served = Array.from({ length: 20 }, (_, nth) => mailing.sending + nth);

/** From the choice of a batch until it is given back, or taken back. */
export const sendingCases: Cases = {
  'a batch is leased by its ticket': (scene) =>
    living(scene).leaseTicketed({ id: firstBatch.ready, fence: 0 }),
  'a ticket is held against what is more urgent': async ({ sql }) => {
    await isOutranked(sql, firstBatch.ready, { guardMs: 500, waitingMailings: [] });
  },
  'a ticket is found to be the least urgent': async ({ sql, given }) => {
    await given(
      'UPDATE mailings SET priority = -1 WHERE id = (SELECT mailing_id FROM batches WHERE id = $1)',
      [firstBatch.ready],
    );
    await isOutranked(sql, firstBatch.ready, { guardMs: 500, waitingMailings: [] });
  },
  'a batch is leased by deadline': (scene) => living(scene).lease(),
  'a batch is leased in turns': (scene) => living(scene).lease({ fair: true, recentMailings: served }),
  'a batch is leased while a mailing waits for slots': (scene) =>
    living(scene).lease({ fair: true, recentMailings: served, waitingMailings: [null] }),
  'a batch is leased to probe with': async (scene) => {
    await scene.given(`UPDATE providers SET breaker = 'half_open', probe_owner = $1`, [dispatcher.living]);
    await living(scene).leaseToProbe();
  },
  'nothing is due to be leased': async (scene) => {
    await nothingIsDue(scene);
    await living(scene).lease();
  },
  'its messages are read': (scene) => living(scene).waiting(leased),
  'its old doubts are held': async (scene) => {
    await scene.given(
      `UPDATE messages SET in_doubt_since = now() - interval '2 days' WHERE batch_id = $1 AND id % 5 = 0`,
      [leased.id],
    );
    await living(scene).waiting(leased);
  },
  'a slice is granted': async (scene) => {
    await living(scene).grant(leased, await messagesOf(scene, leased, SLICE));
  },
  'a slice with a limit is granted': async (scene) => {
    const ids = (await messagesOf(scene, limited, SLICE)).map(({ id }) => id);
    const terms = { leaseMs: 30_000, guardMs: 500, probe: false };
    const grant = () => grantPacedSlice(scene.sql, { owner: dispatcher.living, batch: limited, ids, terms });
    // The first call on a connection reads the catalogue, to compile the function that reserves slots.
    await scene.aside(grant);
    await grant();
  },
  'acceptances are recorded': async (scene) => {
    const messages = await messagesOf(scene, leased, FLUSH);
    await living(scene).record(...messages.map((message) => sent(source, message)));
  },
  'acceptances are recorded and a slice is granted': async (scene) => {
    const messages = await messagesOf(scene, leased, FLUSH + SLICE);
    const outcomes = messages.slice(0, FLUSH).map((message) => sent(source, message));
    await living(scene).recordAndGrant(outcomes, leased, messages.slice(FLUSH));
  },
  'outcomes of every kind are recorded': async (scene) => {
    const messages = await messagesOf(scene, leased, FLUSH);
    const soon = Date.now() + 60_000;
    const outcomes = messages.map((message, nth) => {
      if (nth % 5 === 0) return sent(source, message);
      if (nth % 5 === 1) return failed(source, message);
      if (nth % 5 === 2) return unknown(source, message);
      return nth % 5 === 3 ? notNow(source, message, soon) : ambiguous(source, message, soon + 1_000);
    });
    const writer = living(scene);
    // The second flush joins the retry batches that the first one opened.
    await writer.record(...outcomes.slice(0, FLUSH / 2));
    await writer.record(...outcomes.slice(FLUSH / 2));
  },
  'leases are renewed': (scene) =>
    living(scene).renew(...Array.from({ length: 8 }, (_, nth) => ({ id: leased.id + nth, fence: 1 }))),
  'a batch is released with messages left': (scene) => living(scene).release(leased),
  'leases that ran out are freed by their owner': async (scene) => {
    const forgotten = await findExpiredLeases(scene.sql, dispatcher.dead);
    await freeForgottenBatches(scene.sql, dispatcher.dead, forgotten);
  },
  'abandoned batches are reclaimed': async (scene) => {
    const judge = await scene.aside(() => steadyJudge(scene.sql));
    await reclaimAbandonedBatches(scene.sql, judge, { silenceMs: SILENCE, maxAttempts: 20 });
  },
  'tickets are chosen by deadline': (scene) => takeTickets(scene.sql, tickets(false)),
  'tickets are chosen in turns': (scene) => takeTickets(scene.sql, tickets(true)),
  'the breaker opens, is probed and closes': async ({ sql }) => {
    const probe = { providerId: 1, owner: dispatcher.living };
    await findBreaker(sql, 1);
    await openBreaker(sql, 1, { reason: 'down', retryInMs: 0 });
    await takeProbe(sql, 1, dispatcher.living, 5_000);
    await reopenBreaker(sql, probe, { reason: 'still down', retryInMs: 0 });
    await prolongOpenBreaker(sql, 1, 1_000);
    await closeBreaker(sql, 1, dispatcher.living);
  },
  'nothing is due to be probed with': async (scene) => {
    await nothingIsDue(scene);
    await openBreaker(scene.sql, 1, { reason: 'down', retryInMs: 0 });
    await takeProbe(scene.sql, 1, dispatcher.living, 5_000);
  },
};

function living({ sql }: Scene): QueueDispatcher {
  return new QueueDispatcher(sql, dispatcher.living, 1);
}

/** The first messages of a batch. */
function messagesOf({ given }: Scene, batch: { id: number }, count: number): Promise<WaitingMessage[]> {
  return given('SELECT id FROM messages WHERE batch_id = $1 ORDER BY id LIMIT $2', [batch.id, count]);
}

/** As an outage leaves the queue: everything waits for later. */
function nothingIsDue({ given }: Scene): Promise<unknown> {
  return given(`UPDATE clock_offset SET by_interval = '-2 hours'`);
}

function tickets(fair: boolean) {
  return { depth: 64, validMs: 5_000, guardMs: 500, recentMailings: served, waitingMailings: [], fair };
}
