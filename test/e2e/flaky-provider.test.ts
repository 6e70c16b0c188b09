import { afterAll, beforeAll, expect, test } from 'vitest';
import { createClients, createMailing, messagesOf, statisticsOf } from '../support/mailing-scenario.js';
import { until } from '../support/until.js';
import { World } from '../support/world.js';

const CONCURRENCY = 64;
const TIMEOUT = 2_000;
const LATENCY = 20;
const MESSAGES = 5_000;

let world: World;
beforeAll(async () => {
  world = await World.start({
    settings: { PROVIDER_CONCURRENCY: String(CONCURRENCY), PROVIDER_TIMEOUT_MS: String(TIMEOUT) },
  });
  await createClients(world, { count: MESSAGES, tags: ['all'] });
});
afterAll(() => world.end());

test('500 to every third request and silence to every tenth hold up nobody else', async () => {
  const calm = await readLatencies(50);
  await world.provider.behave({
    latencyMs: LATENCY,
    faults: [
      { kind: 'hang', every: 10 },
      { kind: 'status', status: 500, every: 3 },
    ],
  });
  const mailingId = await createMailing(world, { audience: { tags: ['all'] } });
  const startedAt = Date.now();
  const stormy = await readLatencies(100);

  // A message is first tried after all requests before it; with the retries of those hit earlier among them
  // that is at most every request of the mailing, each holding one of the connections for its time.
  const requests = MESSAGES / (1 - 1 / 3 - 1 / 10);
  const perRequest = 0.1 * TIMEOUT + 0.9 * LATENCY;
  const littlesLaw = (requests * perRequest) / CONCURRENCY;
  const notHit = await until(
    'every message that was not hit is sent',
    async () => {
      const hit = new Set(
        (await world.provider.received()).filter((one) => one.fault !== null).map((one) => one.id),
      );
      const messages = await messagesOf(world, mailingId);
      const tried = new Set((await world.provider.received()).map((one) => one.id));
      const calmOnes = messages.filter((message) => !hit.has(message.id));
      return (
        messages.length === MESSAGES &&
        calmOnes.every((message) => tried.has(message.id) && message.status === 'sent') &&
        calmOnes.length
      );
    },
    littlesLaw * 1.5,
    250,
  );
  expect(notHit).toBeGreaterThan(MESSAGES / 3);
  expect(Date.now() - startedAt).toBeLessThan(littlesLaw * 1.5);

  const statistics = await statisticsOf(world, mailingId);
  expect(statistics.byStatus).toMatchObject({ failed: 0, expired: 0 });
  // The slower machine at that moment is allowed for, a provider's timeout is not.
  expect(percentile(stormy, 0.95)).toBeLessThan(Math.max(5 * percentile(calm, 0.95), 100));
});

async function readLatencies(times: number): Promise<number[]> {
  const latencies: number[] = [];
  for (let n = 0; n < times; n += 1) {
    const startedAt = performance.now();
    const { status } = await world.rest.get('/v1/clients?limit=20');
    expect(status).toBe(200);
    latencies.push(performance.now() - startedAt);
  }
  return latencies;
}

function percentile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? Number.NaN;
}
