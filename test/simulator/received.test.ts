import { describe, expect, it } from 'vitest';
import { request } from 'undici';
import type { ReceivedRow } from './simulator-client.js';
import { simulator } from './simulator-fixture.js';

describe('GET /received', () => {
  it('gives an array, empty at first, in the order of the requests', async () => {
    const { control, statusesOf } = await simulator();
    expect(await control.received()).toEqual([]);
    await statusesOf([5, 3, 9]);
    const rows = await control.received();
    expect(rows.map(({ seq, id }) => [seq, id])).toEqual([
      [1, 5],
      [2, 3],
      [3, 9],
    ]);
  });

  it('gives a line for each row as ndjson', async () => {
    const { control, statusesOf } = await simulator();
    expect((await control.call('GET', '/received?format=ndjson')).body).toBe('');
    await statusesOf([5, 3]);
    const { body, headers } = await control.call('GET', '/received?format=ndjson');
    expect(headers['content-type']).toBe('application/x-ndjson');
    const rows: ReceivedRow[] = String(body)
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(rows.map((row) => row.id)).toEqual([5, 3]);
  });

  it('goes on after a row, ends after a number of rows, and finds those of an id', async () => {
    const { control, statusesOf } = await simulator();
    await statusesOf([1, 2, 1, 3, 1]);
    const seqs = async (query: string) => (await control.received(query)).map((row) => row.seq);
    expect(await seqs('?after=3')).toEqual([4, 5]);
    expect(await seqs('?after=5')).toEqual([]);
    expect(await seqs('?after=99')).toEqual([]);
    expect(await seqs('?limit=2')).toEqual([1, 2]);
    expect(await seqs('?id=1')).toEqual([1, 3, 5]);
    expect(await seqs('?id=1&after=1&limit=1')).toEqual([3]);
    expect(await seqs('?id=4')).toEqual([]);
  });

  it('streams more rows than fit into a part or a column at once', async () => {
    const { control, controlPort, statusesOf } = await simulator();
    const ids = Array.from({ length: 2_500 }, (_, index) => index + 1);
    await Promise.all([statusesOf(ids.slice(0, 1_250)), statusesOf(ids.slice(1_250))]);
    const rows = await control.received();
    expect(rows.map((row) => row.seq)).toEqual(ids);
    expect(rows.map((row) => row.id).toSorted((a, b) => a - b)).toEqual(ids);

    // A reader that leaves in the middle does no harm.
    const response = await request(`http://127.0.0.1:${controlPort}/received`);
    response.body.on('error', () => undefined).destroy();
    expect((await control.received('?after=2499')).length).toBe(1);
  });
});

describe('GET /received/summary', () => {
  it('counts requests by outcome and fault', async () => {
    const { control, send } = await simulator();
    const outcomes = { accepted: 0, duplicate: 0, rejected: 0, malformed: 0, unauthorized: 0 };
    expect(await control.summary()).toEqual({
      requests: 0,
      accepted: 0,
      distinctAccepted: 0,
      duplicates: 0,
      firstAt: null,
      lastAt: null,
      byOutcome: outcomes,
      byFault: {},
    });

    await control.fault(
      { kind: 'acceptThenStatus', ids: [1], times: 1 },
      { kind: 'codeBody', code: 1, ids: [2] },
    );
    await send(1);
    await send(1);
    await send(2);
    await send(3, { body: '{}' });
    await send(4, { authorization: 'none' });
    const rows = await control.received();
    expect(await control.summary()).toEqual({
      requests: 5,
      accepted: 2,
      distinctAccepted: 1,
      duplicates: 1,
      firstAt: rows[0]?.at,
      lastAt: rows[4]?.at,
      byOutcome: { ...outcomes, accepted: 2, rejected: 1, malformed: 1, unauthorized: 1 },
      byFault: { acceptThenStatus: 1, codeBody: 1 },
    });
  });
});

describe('GET /received/ids', () => {
  it('counts requests and acceptances of each id', async () => {
    const { control, statusesOf } = await simulator();
    await control.fault({ kind: 'status', status: 500, ids: [70_000] });
    await statusesOf([1, 1, 70_000]);
    expect((await control.call('GET', '/received/ids')).body).toEqual([
      { id: 1, requests: 2, accepted: 2 },
      { id: 70_000, requests: 1, accepted: 0 },
    ]);
  });
});

describe('GET /received/rate', () => {
  it('gives the busiest stretch of a length', async () => {
    const { control, statusesOf } = await simulator();
    const rate = async (query: string) => (await control.call('GET', `/received/rate${query}`)).body;
    expect(await rate('')).toEqual({ windowMs: 1_000, requests: 0, startAt: null });
    await statusesOf([1, 2, 3]);
    const { firstAt } = await control.summary();
    expect(await rate('?windowMs=60000')).toEqual({ windowMs: 60_000, requests: 3, startAt: firstAt });
  });
});

describe('DELETE /received', () => {
  it('empties the record and everything that is counted from it', async () => {
    const { control, statusesOf } = await simulator();
    await statusesOf([1, 2]);
    await control.forget();
    expect(await control.received()).toEqual([]);
    expect(await control.summary()).toMatchObject({ requests: 0, accepted: 0, firstAt: null });
    expect((await control.call('GET', '/received/ids')).body).toEqual([]);
    expect((await control.state()).peakInFlight).toBe(0);
    await statusesOf([3]);
    expect(await control.received()).toMatchObject([{ seq: 1, id: 3 }]);
  });
});
