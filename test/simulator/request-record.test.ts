import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IdTallies } from '../../apps/simulator/id-tallies.js';
import type { NewRow } from '../../apps/simulator/record-rows.js';
import { RequestRecord } from '../../apps/simulator/request-record.js';
import { TextStore } from '../../apps/simulator/text-store.js';

const row: NewRow = {
  id: 1,
  phone: 79001234567,
  text: 'Hello',
  at: 1_000,
  outcome: 'accepted',
  fault: null,
  status: 200,
  connection: 1,
};
const int64 = fc
  .bigInt({ min: 0n, max: 2n ** 63n - 1n })
  .map((id) => (id <= Number.MAX_SAFE_INTEGER ? Number(id) : id));

describe('a record', () => {
  it('keeps a row as it was given, over the end of its columns', () => {
    const record = new RequestRecord();
    const count = 40_000;
    for (let id = 1; id <= count; id += 1) record.add({ ...row, id, at: id, text: `text ${id % 7}` });
    const rows: { id: number; text: string }[] = JSON.parse(`[${[...record.rowsAsJson({})].join(',')}]`);
    expect(rows).toHaveLength(count);
    expect(rows.every(({ id, text }, index) => id === index + 1 && text === `text ${id % 7}`)).toBe(true);
    expect(record.summary()).toMatchObject({ requests: count, firstAt: 1, lastAt: count });
  });

  it('leaves rows that come while it is read to the next reading', () => {
    const record = new RequestRecord();
    record.add(row);
    const reading = record.rowsAsJson({});
    reading.next();
    record.add(row);
    expect(reading.next().done).toBe(true);
    expect([...record.rowsAsJson({ after: 1 })]).toHaveLength(1);
  });

  it('finds the busiest stretch, whatever order the requests were decided in', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 300 }), { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 1, max: 100 }),
        (arrivals, windowMs) => {
          const record = new RequestRecord();
          for (const at of arrivals) record.add({ ...row, at });
          const counts = Array.from(
            { length: 301 },
            (_, start) => arrivals.filter((at) => at >= start && at < start + windowMs).length,
          );
          const { requests, startAt } = record.peakRate(windowMs);
          expect(requests).toBe(Math.max(...counts));
          expect(counts[startAt ?? -1]).toBe(requests);
        },
      ),
    );
  });
});

describe('tallies of ids', () => {
  it('count as a map of all requests would, for ids of all sizes', () => {
    const nearby = fc.integer({ min: 0, max: 600 });
    const requests = fc.array(fc.tuple(fc.oneof(nearby, int64), fc.boolean()), { maxLength: 200 });
    fc.assert(
      fc.property(requests, (given) => {
        const tallies = new IdTallies();
        const expected = new Map<string, { requests: number; accepted: number }>();
        for (const [id, accepted] of given) {
          tallies.add(id, accepted);
          const entry = expected.get(String(id)) ?? { requests: 0, accepted: 0 };
          entry.requests += 1;
          if (accepted) entry.accepted += 1;
          expected.set(String(id), entry);
        }
        const counted = new Map([...tallies].map(({ id, ...counts }) => [String(id), counts]));
        expect(counted).toEqual(expected);
        for (const [id] of given) {
          expect(tallies.requestsOf(id)).toBe(expected.get(String(id))?.requests);
          expect(tallies.acceptedOf(id)).toBe(expected.get(String(id))?.accepted);
        }
        const acceptedIds = [...expected.values()].filter(({ accepted }) => accepted > 0);
        expect(tallies.distinctAccepted).toBe(acceptedIds.length);
      }),
    );
  });

  it('stop counting at 65,535 instead of starting over', () => {
    const tallies = new IdTallies();
    for (let request = 0; request < 65_540; request += 1) tallies.add(1, true);
    expect([...tallies]).toEqual([{ id: 1, requests: 65_535, accepted: 65_535 }]);
    expect(tallies.distinctAccepted).toBe(1);
  });
});

describe('a store of texts', () => {
  it('gives one reference to one text', () => {
    const texts = new TextStore();
    const reference = texts.put('Hello');
    expect(texts.put(['Hel', 'lo'].join(''))).toBe(reference);
    expect(texts.put('hello')).not.toBe(reference);
    expect(texts.get(reference)).toEqual({ text: 'Hello' });
  });

  it('keeps hashes only once its budget is used up, the same for the same text', () => {
    const texts = new TextStore(10);
    const kept = texts.put('123456');
    const [first, again, other] = [texts.put('abcdef'), texts.put('abcdef'), texts.put('abcdeg')];
    expect(texts.get(kept)).toEqual({ text: '123456' });
    expect(texts.get(first)).toEqual({ text: null, textHash: expect.any(Number) });
    expect(texts.get(again)).toEqual(texts.get(first));
    expect(texts.get(other)).not.toEqual(texts.get(first));
    expect(texts.get(texts.put('1234'))).toEqual({ text: '1234' });
    expect(texts.put('123456')).toBe(kept);
  });
});
