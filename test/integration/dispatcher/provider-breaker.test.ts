import { expect, test, vi } from 'vitest';
import { findBreaker, openBreaker } from '#libs/messages';
import type { ControlBus } from '#libs/nats';
import { DatabaseClock } from '../../../apps/dispatcher/database-clock.js';
import { ProviderBreaker } from '../../../apps/dispatcher/provider/provider-breaker.js';
import { SendGate } from '../../../apps/dispatcher/sending/send-gate.js';
import { setup } from '../../support/queue-scenario.js';
import { aConfig } from '../../unit/dispatcher/dispatcher-fixture.js';

const PROVIDER = 1;

test('a pause that the provider asks for holds though another dispatcher opened the breaker first', async () => {
  const { sql, now } = await setup();
  const announce = vi.fn<ControlBus['announce']>();
  const bus = { announce } as unknown as ControlBus;
  const breaker = new ProviderBreaker(sql, bus, new SendGate(aConfig(), new DatabaseClock()));
  await openBreaker(sql, PROVIDER, 'it refused connections', 1_000);
  const before = await now();
  // It has not heard of that yet.
  breaker.note({ kind: 'throttled', error: 'status 429', httpStatus: 429, retryAfterMs: 60_000 }, false);

  await vi.waitFor(async () => {
    expect((await findBreaker(sql, PROVIDER)).retryAt).toBeGreaterThan(before + 59_000);
  });
  expect(breaker.isOpen).toBe(true);
  await vi.waitFor(() => expect(announce).toHaveBeenCalled());
});
