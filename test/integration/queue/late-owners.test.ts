import { describe, expect, test } from 'vitest';
import { findExpiredLeases, freeForgottenBatches } from '#libs/queue/recover';
import { aDeadDispatcher, later } from '../../support/dead-dispatcher.js';
import { failed, notNow, sent, unknown } from '../../support/message-outcomes.js';

describe('an owner that comes back', () => {
  async function cameBackLate() {
    const scenario = await aDeadDispatcher();
    await later(scenario);
    await scenario.reclaim();
    const { id, fence } = scenario.batch;
    return { ...scenario, newOwner: await scenario.dispatcher(), key: { id, fence } };
  }

  test('is refused every write of intent, whether the batch waits or has a new owner', async () => {
    const { dead, newOwner, batch, key, all, now } = await cameBackLate();
    for (const lease of [
      () => undefined,
      () => newOwner.lease(),
      () => newOwner.release({ ...key, fence: 3 }),
    ]) {
      await lease();
      expect(await dead.grant(key, all)).toBeUndefined();
      expect(await dead.renew(key)).toEqual(new Set());
      expect(await dead.release(key)).toBe('lost');
      expect(await dead.record(notNow(batch, all[0] ?? { id: 0 }, (await now()) + 5_000))).toEqual({
        orphaned: 1,
      });
    }
  });

  test('has its late acceptance recorded, and its late refusal not believed', async () => {
    const { dead, batch, all, rows } = await cameBackLate();
    const [a, b] = all;
    if (!a || !b) throw new Error('Two messages were to be granted');
    await dead.record(sent(batch, a), failed(batch, b));

    expect((await rows()).slice(0, 2)).toMatchObject([
      { status: 'sent', attempts: 1, lastError: null },
      { status: 'unknown', attempts: 1 },
    ]);
  });

  test('does not overwrite the attempt that was noted for it', async () => {
    const { run, dead, batch, all } = await cameBackLate();
    await dead.record(unknown(batch, all[0] ?? { id: 0 }));

    expect(await run('SELECT number, error FROM attempts WHERE message_id = $1', [all[0]?.id])).toEqual([
      { number: 1, error: 'the dispatcher stopped while this was being sent' },
    ]);
  });
});

test('a recorder that holds the batch is waited for by nobody, and its retry is kept', async () => {
  const scenario = await aDeadDispatcher();
  const { sql, dead, batch, all, reclaim, rows, now } = scenario;
  await later(scenario);
  await sql.transaction(async (recorder) => {
    await recorder.query({ name: '', text: 'SELECT FROM batches WHERE id = $1 FOR SHARE' }, [batch.id]);
    expect(await reclaim()).toEqual([]);
  });
  await dead.record(notNow(batch, all[0] ?? { id: 0 }, (await now()) + 5_000));
  await reclaim();

  expect((await rows())[0]).toMatchObject({ attempts: 1, inDoubtSince: null });
});

describe('a batch that its living owner does not know of', () => {
  test('is freed when its lease has run out, with nothing in doubt', async () => {
    const { sql, dead, batch, mailing, rows, batches, shiftClock } = await aDeadDispatcher();
    expect(await findExpiredLeases(sql, dead.id)).toEqual([]);
    await later({ shiftClock });
    const expired = await findExpiredLeases(sql, dead.id);
    expect(expired).toEqual([{ id: batch.id, fence: batch.fence }]);

    expect(await freeForgottenBatches(sql, dead.id, expired)).toEqual([batch.id]);
    expect(await batches(mailing)).toMatchObject([
      { state: 'ready', owner: null, leaseUntil: null, grantedUpto: 0, fence: batch.fence + 1 },
    ]);
    expect((await rows()).filter(({ inDoubtSince, attempts }) => inDoubtSince || attempts)).toEqual([]);
    expect(await dead.lease()).toMatchObject({ id: batch.id });
  });

  test('is none of another dispatcher', async () => {
    const { sql, dead, dispatcher, batch, shiftClock } = await aDeadDispatcher();
    const other = await dispatcher();
    await later({ shiftClock });

    expect(await findExpiredLeases(sql, other.id)).toEqual([]);
    expect(await freeForgottenBatches(sql, other.id, [batch])).toEqual([]);
    expect(await findExpiredLeases(sql, dead.id)).toHaveLength(1);
  });

  test('is not freed any more once its owner has it under another lease, however late the statement runs', async () => {
    const { sql, dead, batch, all, shiftClock } = await aDeadDispatcher();
    await later({ shiftClock });
    const expired = await findExpiredLeases(sql, dead.id);
    await freeForgottenBatches(sql, dead.id, expired);
    const again = await dead.lease();
    await dead.grant({ id: batch.id, fence: again?.fence ?? 0 }, all);
    await later({ shiftClock });

    expect(await freeForgottenBatches(sql, dead.id, expired)).toEqual([]);
    expect(await findExpiredLeases(sql, dead.id), 'it is in doubt').toHaveLength(1);
  });
});
