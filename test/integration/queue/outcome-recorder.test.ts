import { register } from 'prom-client';
import { describe, expect, test } from 'vitest';
import { cancelMessagesOfClient } from '#libs/messages';
import { reclaimAbandonedBatches } from '#libs/queue/recover';
import type { Suspicion } from '#libs/providers/kinds';
import { DispatcherMetrics } from '#libs/telemetry';
import { type GrantedMessage, OpenBatch } from '../../../apps/dispatcher/grant/open-batch.js';
import { UnrecordedCap } from '../../../apps/dispatcher/grant/unrecorded-cap.js';
import type { Suspect } from '../../../apps/dispatcher/outlets/suspects.js';
import { DatabaseClock } from '../../../apps/dispatcher/process/database-clock.js';
import type { DispatcherIdentity } from '../../../apps/dispatcher/process/dispatcher-identity.js';
import { OutcomeRecorder } from '../../../apps/dispatcher/record/outcome-recorder.js';
import { SILENCE, steadyJudge } from '../../support/queue-dispatcher.js';
import { setup, type MailingGiven } from '../../support/queue-scenario.js';
import { aConfig } from '../../unit/dispatcher/dispatcher-fixture.js';

/** A recorder, and a batch of four that its dispatcher has granted as a whole. */
async function aGrantedBatch(given: MailingGiven, config = aConfig()) {
  const scenario = await setup();
  const mailing = await scenario.aPlannedMailing({ ...given, count: 4 });
  const dispatcher = await scenario.dispatcher();
  const { batch: lease, messages } = await dispatcher.leaseAndGrant();
  const clock = new DatabaseClock();
  const grantedAt = await scenario.now();
  clock.observe(grantedAt, performance.now());
  const cap = new UnrecordedCap(10);
  await cap.acquire(4);
  const batch = new OpenBatch(lease, Infinity, cap);
  batch.granted(4);
  const slot = { grantedAt, hasSlot: false, startFrom: 0, startUntil: Infinity };
  const granted = messages.map((message): GrantedMessage => ({ ...message, ...slot, batch }));
  const identity = { id: dispatcher.id, shard: dispatcher.shard } as DispatcherIdentity;
  const recorder = new OutcomeRecorder(config, scenario.sql, identity, clock, new DispatcherMetrics(), cap);
  const [a, b, c, d] = granted;
  if (!a || !b || !c || !d) throw new Error('Four were to be granted');
  const reclaim = async () => {
    await scenario.shiftClock('1m');
    const terms = { silenceMs: SILENCE, maxAttempts: 20 };
    return reclaimAbandonedBatches(scenario.sql, await steadyJudge(scenario.sql), terms);
  };
  return { ...scenario, mailing, batch, cap, recorder, reclaim, grantedAt, a, b, c, d };
}

const noAnswer = { outcome: { kind: 'ambiguous', error: 'no answer' }, latencyMs: 5 } as const;

test('a request that was called off on our side is no attempt of any outcome', async () => {
  const { recorder, messages, mailing, batch, a } = await aGrantedBatch({});
  recorder.record(a, { outcome: { kind: 'notSent', withdrawn: true, error: 'too late' }, latencyMs: 1 });
  await recorder.flush();

  expect(batch.tally).toEqual({ returned: 1 });
  expect((await messages(mailing))[0]).toMatchObject({ status: 'pending', attempts: 0, lastError: null });
  expect(await register.metrics()).not.toContain('outcome="not_sent"');
});

describe('for a mailing that holds what is in doubt', () => {
  test('an answer in doubt makes the message unknown, in doubt since it was granted', async () => {
    const { recorder, messages, mailing, a, grantedAt } = await aGrantedBatch({ onAmbiguous: 'hold' });
    recorder.record(a, noAnswer);
    await recorder.flush();

    const [message] = await messages(mailing);
    expect(message).toMatchObject({ status: 'unknown', attempts: 1, lastError: 'no answer' });
    expect(message?.inDoubtSince?.getTime()).toBe(Math.floor(grantedAt));
  });

  test('what was certainly not taken leaves the batch, so that a death puts nothing more in doubt', async () => {
    const { recorder, messages, mailing, batch, cap, reclaim, a, b, c, d } = await aGrantedBatch({
      onAmbiguous: 'hold',
    });
    recorder.record(a, { outcome: { kind: 'notSent', error: 'ECONNREFUSED' }, latencyMs: 1 });
    recorder.record(b, {
      outcome: { kind: 'throttled', httpStatus: 429, retryAfterMs: 5, error: 'HTTP 429' },
      latencyMs: 1,
    });
    recorder.returnUnsent(c, 'returned');
    await recorder.flush();
    expect(cap.unrecorded).toBe(1);
    expect(batch.hasUnsent).toBe(false);
    expect(batch.tally).toEqual({ notSent: 1, throttled: 1, returned: 1 });
    await reclaim();

    const rows = await messages(mailing);
    expect(rows.map(({ status, attempts }) => [status, attempts])).toEqual([
      ['pending', 0],
      ['pending', 0],
      ['pending', 0],
      ['unknown', 1],
    ]);
    expect(rows.map(({ batchId }) => batchId === batch.id)).toEqual([false, false, false, true]);
    expect(rows[3]?.id).toBe(d.id);
  });
});

describe('for a mailing that sends again', () => {
  test('an answer in doubt is tried again, in doubt since it was granted', async () => {
    const { recorder, messages, mailing, a, grantedAt } = await aGrantedBatch({});
    recorder.record(a, noAnswer);
    await recorder.flush();

    const [message] = await messages(mailing);
    expect(message).toMatchObject({ status: 'pending', attempts: 1 });
    expect(message?.inDoubtSince?.getTime()).toBe(Math.floor(grantedAt));
  });

  test('what was certainly not taken stays where it is, and nothing is written', async () => {
    const { recorder, messages, mailing, batch, cap, a, b } = await aGrantedBatch({});
    const before = await messages(mailing);
    recorder.record(a, { outcome: { kind: 'notSent', error: 'ECONNREFUSED' }, latencyMs: 1 });
    recorder.returnUnsent(b, 'returned');
    await recorder.flush();

    expect(await messages(mailing)).toEqual(before);
    expect(batch.hasUnsent).toBe(true);
    expect(cap.unrecorded).toBe(2);
  });

  test('what has been in doubt for a while is tried again while the provider knows it', async () => {
    const { recorder, run, messages, mailing, batch, a, now } = await aGrantedBatch({ endsIn: '10 days' });
    batch.keyLifetimeMs = 30_000;
    const inDoubtSince = (await now()) - 15_000;
    for (const attempts of [30, 31, 32]) {
      recorder.record({ ...a, attempts, resolvedAttempts: 29, inDoubtSince }, noAnswer);
      await recorder.flush();
    }

    const [message] = await messages(mailing);
    const [retry] = await run<{ due: number }>(
      'SELECT extract(epoch FROM due_at)::float8 * 1000 AS due FROM batches WHERE id = $1',
      [message?.batchId],
    );
    // A request of 10 s has to be over by then.
    expect(retry?.due).toBeLessThanOrEqual(inDoubtSince + 20_000);
  });
});

describe('somebody waits for places under the cap', () => {
  const accepted = { outcome: { kind: 'accepted' }, latencyMs: 5 } as const;
  // Nothing else would write within the test.
  const patient = { ...aConfig(), flush: { rows: 128, ms: 3_600_000 } };

  test('outcomes are written as soon as there are enough of them to free these', async () => {
    const { recorder, cap, a, b, c } = await aGrantedBatch({}, patient);
    const served = cap.acquire(9);
    expect(cap.missing).toBe(3);
    recorder.record(a, accepted);
    recorder.record(b, accepted);
    expect(cap.unrecorded).toBe(4);
    recorder.record(c, accepted);

    expect(await served).toBe(true);
    expect(cap.unrecorded).toBe(10);
  });

  test('those that are there already are written when the wait begins', async () => {
    const { recorder, cap, a, b } = await aGrantedBatch({}, patient);
    recorder.record(a, accepted);
    recorder.record(b, accepted);

    expect(await cap.acquire(8)).toBe(true);
    expect(cap.missing).toBe(0);
  });
});

describe('a suspicious answer', () => {
  const forbidden = { kind: 'misconfigured', httpStatus: 403, error: 'HTTP 403' } as const;
  const whose = (message: GrantedMessage, answer: Suspicion): Suspect<GrantedMessage> => ({
    message,
    recipient: message.phone,
    answer,
    latencyMs: 5,
    startedAt: 0,
    answeredAt: 5,
    witness: true,
  });

  test('puts its message off into another batch and is shown, and counts for nothing', async () => {
    const { recorder, run, messages, mailing, batch, a } = await aGrantedBatch({});
    recorder.record(a, { outcome: forbidden, latencyMs: 5 });
    await recorder.flush();

    const [message] = await messages(mailing);
    expect(message).toMatchObject({ status: 'pending', attempts: 0, lastError: 'HTTP 403' });
    expect(message?.batchId).not.toBe(batch.id);
    expect(batch.hasUnsent).toBe(false);
    expect(await run('SELECT FROM attempts')).toEqual([]);
  });

  test('that proved to be its own is an attempt, once, and is known when it is granted again', async () => {
    const { recorder, run, messages, mailing, a } = await aGrantedBatch({});
    recorder.record(a, { outcome: forbidden, latencyMs: 5 });
    recorder.recordOwn(whose(a, forbidden));
    recorder.recordOwn(whose(a, forbidden));
    await recorder.flush();

    const [message] = await messages(mailing);
    expect(message).toMatchObject({ status: 'pending', attempts: 1, lastError: 'HTTP 403' });
    expect(await run('SELECT message_id, number, outcome, http_status FROM attempts')).toEqual([
      { message_id: a.id, number: 1, outcome: 'misconfigured', http_status: 403 },
    ]);
    expect(
      await run('SELECT suspicions, own_throttles, own_refusals FROM messages WHERE id = $1', [a.id]),
    ).toEqual([{ suspicions: 1, own_throttles: 0, own_refusals: 1 }]);
  });

  test('of a message that is over by then changes nothing', async () => {
    const { recorder, sql, run, messages, mailing, a } = await aGrantedBatch({});
    recorder.record(a, { outcome: forbidden, latencyMs: 5 });
    await recorder.flush();
    await cancelMessagesOfClient(sql, a.clientId);
    recorder.recordOwn(whose({ ...a, attempts: 19 }, forbidden));
    await recorder.flush();

    expect((await messages(mailing))[0]).toMatchObject({ status: 'cancelled', attempts: 0 });
    expect(await run('SELECT FROM attempts'), 'it is no attempt either').toEqual([]);
  });

  test('is recorded however many there were before', async () => {
    const { recorder, run, messages, mailing, a } = await aGrantedBatch({});
    await run('UPDATE messages SET suspicions = 32767, own_throttles = 32767 WHERE id = $1', [a.id]);
    const oft = { ...a, suspicions: 32_767, ownThrottles: 32_767 };
    const answer = { kind: 'throttled', httpStatus: 429, retryAfterMs: 1, error: 'HTTP 429' } as const;
    recorder.record(oft, { outcome: answer, latencyMs: 5 });
    recorder.recordOwn(whose(oft, answer));
    await recorder.flush();

    expect((await messages(mailing))[0]).toMatchObject({ status: 'pending', lastError: 'HTTP 429' });
  });

  test('ends its message at last, with the reason, and the counters know', async () => {
    const { recorder, messages, mailing, expectCountersExact, a } = await aGrantedBatch({});
    const last = { ...a, attempts: 19, suspicions: 19, ownRefusals: 19 };
    recorder.record(last, { outcome: forbidden, latencyMs: 5 });
    recorder.recordOwn(whose(last, forbidden));
    await recorder.flush();

    expect((await messages(mailing))[0]).toMatchObject({
      status: 'failed',
      attempts: 20,
      lastError: 'HTTP 403',
    });
    await expectCountersExact();
  });

  test('with a Retry-After puts its message off for as long', async () => {
    const { recorder, run, messages, mailing, a, now } = await aGrantedBatch({ endsIn: '10 days' });
    const answer = { kind: 'throttled', httpStatus: 429, retryAfterMs: 60_000, error: 'HTTP 429' } as const;
    const before = await now();
    recorder.record(a, { outcome: answer, latencyMs: 5 });
    await recorder.flush();

    const [message] = await messages(mailing);
    const [retry] = await run<{ due: number }>(
      'SELECT extract(epoch FROM due_at)::float8 * 1000 AS due FROM batches WHERE id = $1',
      [message?.batchId],
    );
    expect(retry?.due).toBeGreaterThanOrEqual(before + 59_900);
    expect(retry?.due).toBeLessThanOrEqual(before + 70_000);
  });
});
