import { describe, expect, it } from 'vitest';
import { FaultRules } from '../../apps/simulator/fault-rules.js';
import { faultSchema } from '../../apps/simulator/fault-schema.js';
import { simulator } from './simulator-fixture.js';

const upTo = (last: number): number[] => Array.from({ length: last }, (_, index) => index + 1);

/** Which of 10,000 requests a fault with a rate of 0.2 hits. */
function hitsOf(seed: number): number[] {
  const rules = new FaultRules([faultSchema.parse({ kind: 'hang', rate: 0.2 })], seed);
  return upTo(10_000).filter((id) => rules.hitAfterBody({ id, phone: 1, text: 'x' }, 0) !== undefined);
}

describe('a fault hits', () => {
  it('every request when nothing else is said', async () => {
    const { control, statusesOf } = await simulator();
    await control.fault({ kind: 'status', status: 500 });
    expect(await statusesOf(upTo(3))).toEqual([500, 500, 500]);
  });

  it('each n-th request with every', async () => {
    const { control, statusesOf } = await simulator();
    await control.fault({ kind: 'status', status: 500, every: 3 });
    expect(await statusesOf(upTo(7))).toEqual([200, 200, 500, 200, 200, 500, 200]);
  });

  it('its own n-th request, whatever faults before it take: the first in order wins', async () => {
    const { control, statusesOf } = await simulator();
    await control.fault({ kind: 'status', status: 500, every: 2 }, { kind: 'status', status: 503, every: 3 });
    expect(await statusesOf(upTo(7))).toEqual([200, 500, 503, 500, 200, 500, 200]);
    expect((await control.summary()).byFault).toEqual({ status: 4 });
  });

  it('nothing before skip requests have passed', async () => {
    const { control, statusesOf } = await simulator();
    await control.fault({ kind: 'status', status: 500, skip: 2, every: 2 });
    expect(await statusesOf(upTo(6))).toEqual([200, 200, 200, 500, 200, 500]);
  });

  it('the first requests with times, counting only those that it got', async () => {
    const { control, statusesOf } = await simulator();
    await control.fault({ kind: 'status', status: 500, ids: [2] }, { kind: 'status', status: 503, times: 2 });
    expect(await statusesOf(upTo(4))).toEqual([503, 500, 503, 200]);
  });

  it('the first requests of each message with perId', async () => {
    const { control, statusesOf } = await simulator();
    await control.fault({ kind: 'status', status: 500, perId: 2 });
    expect(await statusesOf([1, 2, 1, 1, 2, 2])).toEqual([500, 500, 500, 200, 500, 200]);
  });

  it('only the given ids', async () => {
    const { control, statusesOf } = await simulator();
    await control.fault({ kind: 'status', status: 500, ids: [2, 4] });
    expect(await statusesOf(upTo(4))).toEqual([200, 500, 200, 500]);
  });

  it('only the given ids before the body too', async () => {
    const { control, exchange, send } = await simulator();
    await control.fault({ kind: 'resetBeforeBody', ids: [2], times: 1 });
    await expect(exchange(2)).rejects.toThrow('ECONNRESET');
    expect((await send(1)).status).toBe(200);
    expect((await send(2)).status).toBe(200);
  });

  it('only the given phones, or texts that contain a given part', async () => {
    const { control, send } = await simulator();
    await control.fault(
      { kind: 'status', status: 500, phones: [79990000002] },
      { kind: 'status', status: 503, textIncludes: 'sale' },
    );
    expect((await send(1, { phone: 79990000001 })).status).toBe(200);
    expect((await send(2, { phone: 79990000002 })).status).toBe(500);
    expect((await send(3, { phone: 79990000003, text: 'Our sale begins' })).status).toBe(503);
  });

  it('neither unauthorized nor malformed requests, and does not count them', async () => {
    const { control, send } = await simulator();
    await control.fault({ kind: 'status', status: 500, every: 2 });
    expect((await send(1)).status).toBe(200);
    expect((await send(2, { authorization: 'Bearer another' })).status).toBe(401);
    expect((await send(3, { body: '{}' })).status).toBe(400);
    expect((await send(4)).status).toBe(500);
  });

  it('a share of all requests with rate, the same ones for the same seed', () => {
    const hits = hitsOf(1);
    // 2,000 are expected with a deviation of 40: six of them are allowed.
    expect(Math.abs(hits.length - 2_000)).toBeLessThan(240);
    expect(hitsOf(1)).toEqual(hits);
    expect(hitsOf(2)).not.toEqual(hits);
  });

  it('none with a rate of 0 and all with a rate of 1', async () => {
    const { control, statusesOf } = await simulator();
    await control.fault({ kind: 'status', status: 500, rate: 0 }, { kind: 'status', status: 503, rate: 1 });
    expect(await statusesOf(upTo(20))).toEqual(upTo(20).map(() => 503));
  });
});

describe('the counters of faults', () => {
  it('go on over changes that leave the faults alone', async () => {
    const { control, statusesOf } = await simulator();
    await control.fault({ kind: 'status', status: 500, every: 3 });
    await statusesOf(upTo(2));
    await control.adjust({ jitterMs: 1 });
    await control.forget();
    expect(await statusesOf([3])).toEqual([500]);
  });

  it('start anew with a new behaviour and with new faults', async () => {
    const { control, statusesOf } = await simulator();
    const faults = [{ kind: 'status', status: 500, times: 1 }];
    await control.behave({ faults });
    expect(await statusesOf([1, 2])).toEqual([500, 200]);
    await control.behave({ faults });
    expect(await statusesOf([1, 2])).toEqual([500, 200]);
    await control.fault(...faults);
    expect(await statusesOf([1, 2])).toEqual([500, 200]);
  });
});
