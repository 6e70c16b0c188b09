import { describe, expect, test } from 'vitest';
import type { OpenBatch } from '../../../apps/dispatcher/grant/open-batch.js';
import { UnrecordedCap } from '../../../apps/dispatcher/grant/unrecorded-cap.js';
import { anOpenBatch } from './dispatcher-fixture.js';

/** Whether the batch is drained, after everything that was due has happened. */
async function isDrained(batch: OpenBatch): Promise<boolean> {
  return Promise.race([batch.drained.then(() => true), Promise.resolve().then(() => Promise.resolve(false))]);
}

describe('an open batch', () => {
  test('is drained when nothing more is granted and everything granted is settled', async () => {
    const cap = new UnrecordedCap(10);
    const batch = anOpenBatch({ cap });
    await batch.acquirePlaces(3, {});
    batch.granted(2);
    batch.settle('accepted');
    batch.settle('ambiguous');
    expect(await isDrained(batch), 'more may be granted').toBe(false);
    batch.granted(1);
    batch.stopGranting();
    expect(await isDrained(batch), 'one is on the wire').toBe(false);
    batch.settle('accepted');

    expect(await isDrained(batch)).toBe(true);
    expect(batch.tally).toEqual({ accepted: 2, ambiguous: 1 });
    expect(cap.unrecorded).toBe(0);
  });

  test('is drained at once when nothing was granted', async () => {
    const batch = anOpenBatch();
    expect(await isDrained(batch)).toBe(false);
    batch.stopGranting();
    expect(await isDrained(batch)).toBe(true);
  });

  test('frees one place with each message that is settled', async () => {
    const cap = new UnrecordedCap(2);
    const batch = anOpenBatch({ cap });
    await batch.acquirePlaces(2, {});
    batch.granted(2);
    batch.settle('returned');
    expect(cap.unrecorded).toBe(1);
  });
});
