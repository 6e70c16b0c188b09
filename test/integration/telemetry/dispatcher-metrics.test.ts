import { register } from 'prom-client';
import { expect, test } from 'vitest';
import { DispatcherMetrics } from '#libs/telemetry';

const value = async (name: string, labels: Record<string, string> = {}) => {
  const metric = await register.getSingleMetric(name)?.get();
  return metric?.values.find((one) =>
    Object.entries(labels).every(([label, wanted]) => one.labels[label] === wanted),
  )?.value;
};

test('attempts and messages are counted by outcome', async () => {
  const metrics = new DispatcherMetrics();
  for (let count = 0; count < 3; count += 1) metrics.delivered('accepted', 0.004);
  metrics.delivered('notNow', 0.2);
  metrics.ended('sent', 64);
  metrics.ended('sent', 2);
  metrics.ended('failed');

  expect(await value('ems_attempts_total', { provider: 'default', outcome: 'accepted' })).toBe(3);
  expect(await value('ems_attempts_total', { outcome: 'not_now' })).toBe(1);
  expect(await value('ems_messages_total', { provider: 'default', outcome: 'sent' })).toBe(66);
  expect(await value('ems_messages_total', { outcome: 'failed' })).toBe(1);
  const text = await register.metrics();
  expect(text).toContain('ems_provider_request_duration_seconds_bucket{le="0.005",provider="default"} 3');
  expect(text).toContain('ems_provider_request_duration_seconds_count{provider="default"} 4');
});

test('in flight and breaker are read at the scrape', async () => {
  const metrics = new DispatcherMetrics();
  expect(await value('ems_in_flight_requests')).toBe(0);
  let inFlight = 12;
  let breaker: 'closed' | 'half_open' | 'open' = 'open';
  metrics.watch({ inFlight: () => inFlight, breaker: () => breaker });
  expect(await value('ems_in_flight_requests', { provider: 'default' })).toBe(12);
  expect(await value('ems_breaker_state', { provider: 'default' })).toBe(2);
  inFlight = 0;
  breaker = 'half_open';
  expect(await value('ems_in_flight_requests')).toBe(0);
  expect(await value('ems_breaker_state')).toBe(1);
});

test('planning, flushes and the backlog have their own metrics', async () => {
  const metrics = new DispatcherMetrics();
  metrics.planned(0.2);
  metrics.flushed(128, 0.006);
  metrics.backlog({ batches: 3, messages: 1_200, oldestSeconds: 7.5 });
  const text = await register.metrics();
  expect(text).toContain('ems_planning_duration_seconds_count 1');
  expect(text).toContain('ems_flush_duration_seconds_bucket{le="0.01"} 1');
  expect(text).toContain('ems_flush_rows_bucket{le="128"} 1');
  expect(text).toContain('ems_flush_rows_bucket{le="64"} 0');
  expect(await value('ems_due_batches')).toBe(3);
  expect(await value('ems_due_messages')).toBe(1_200);
  expect(await value('ems_oldest_due_seconds')).toBe(7.5);
});
