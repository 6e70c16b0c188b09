import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Dispatcher } from 'undici';
import { describe, expect, it } from 'vitest';
import {
  classifyAnswer,
  DeadlineTimer,
  type Delivery,
  Exchange,
  MAX_ANSWER_BYTES,
} from '#libs/providers/kinds';

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

/** Bytes that are in use besides what nobody can reach any more; the second round frees the buffers' bytes. */
function bytesInUse(): number {
  collectGarbage();
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** What undici hands over beside the data; only an abort would use it. */
const controller = {} as Dispatcher.DispatchController;

describe('An outcome that waits to be recorded', () => {
  it('does not keep the answer that it quotes', () => {
    const before = bytesInUse();
    const outcomes = Array.from({ length: 500 }, (_, at) =>
      classifyAnswer({ status: 500, headers: {}, body: `page${at}${'<p>oops</p>'.repeat(5_900)}` }, 'secret'),
    );
    expect(bytesInUse() - before).toBeLessThan(2_000_000);
    expect(outcomes[7]).toMatchObject({
      kind: 'ambiguous',
      error: expect.stringContaining('page7<p>oops'),
    });
  });
});

describe('An answer that comes a byte at a time', () => {
  it('costs little more than its bytes, and is read all the same', async () => {
    const deadlines = new DeadlineTimer();
    const all = {
      token: '',
      plain: true,
      port: undefined,
      deadlines,
      lastAccepted: undefined,
      decoding: Promise.resolve(),
    };
    const answeredBy = performance.now() + 60_000;
    const body = '{"code":0,"message":"OK"}'.padStart(MAX_ANSWER_BYTES - 1);
    const before = bytesInUse();
    const deliveries: Promise<Delivery>[] = [];
    const exchanges = Array.from({ length: 20 }, () => {
      let settled!: (delivery: Delivery) => void;
      deliveries.push(new Promise((settle) => (settled = settle)));
      const exchange = new Exchange(all, { mayStart: () => true, settled }, 0, Infinity, answeredBy);
      exchange.onResponseStart(controller, 200, {});
      for (const byte of body) exchange.onResponseData(controller, Buffer.from(byte));
      return exchange;
    });
    expect(bytesInUse() - before).toBeLessThan(2 * exchanges.length * MAX_ANSWER_BYTES);
    for (const exchange of exchanges) exchange.onResponseEnd();
    expect(new Set((await Promise.all(deliveries)).map(({ outcome }) => outcome.kind))).toEqual(
      new Set(['accepted']),
    );
    deadlines.stop();
  });
});
