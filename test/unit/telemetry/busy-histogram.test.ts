import { Histogram, Registry, register } from 'prom-client';
import { expect, test } from 'vitest';
import { DispatcherMetrics } from '#libs/telemetry';

test('what happens thousands of times a second is scraped as prom-client itself would have it', async () => {
  const name = 'ems_provider_request_duration_seconds';
  const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
  const registry = new Registry();
  const same = new Histogram({
    name,
    help: 'Requests to the provider, connecting included.',
    labelNames: ['provider'],
    buckets,
    registers: [registry],
  });
  const metrics = new DispatcherMetrics();
  for (const seconds of [0, 0.001, 0.0011, 0.25, 29, 30, 31, 1e6]) {
    metrics.delivered('accepted', seconds);
    same.observe({ provider: 'default' }, seconds);
  }

  expect(await register.getSingleMetricAsString(name)).toBe(await registry.getSingleMetricAsString(name));
});
