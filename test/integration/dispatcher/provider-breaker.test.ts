import { expect, test, vi } from 'vitest';
import { findBreaker, openBreaker } from '#libs/messages';
import type { ControlBus } from '#libs/nats';
import { DatabaseClock } from '../../../apps/dispatcher/database-clock.js';
import type { DutyTicker } from '../../../apps/dispatcher/duties/duty-ticker.js';
import { ProviderBreaker } from '../../../apps/dispatcher/provider/provider-breaker.js';
import type { GrantedMessage } from '../../../apps/dispatcher/sending/open-batch.js';
import { SendGate } from '../../../apps/dispatcher/sending/send-gate.js';
import { setup } from '../../support/queue-scenario.js';
import { aConfig, anOpenBatch } from '../../unit/dispatcher/dispatcher-fixture.js';

const PROVIDER = 1;

test('a pause that the provider asks for holds though another dispatcher opened the breaker first', async () => {
  const { sql, now } = await setup();
  const announce = vi.fn<ControlBus['announce']>();
  const bus = { announce } as unknown as ControlBus;
  const nudge = vi.fn<DutyTicker['nudge']>();
  const gate = new SendGate(aConfig(), new DatabaseClock());
  const breaker = new ProviderBreaker(sql, bus, gate, { nudge } as unknown as DutyTicker);
  await openBreaker(sql, PROVIDER, 'it refused connections', 1_000);
  const before = await now();
  // It has not heard of that yet.
  const outcome = { kind: 'throttled', error: 'status 429', httpStatus: 429, retryAfterMs: 60_000 } as const;
  for (const phone of [1, 2, 3, 4, 5, 6, 7, 8]) {
    const message = {
      id: phone,
      phone,
      ownThrottles: 0,
      ownRefusals: 0,
      batch: anOpenBatch(),
    } as GrantedMessage;
    breaker.note({ message, outcome, latencyMs: 1, startedAt: phone, answeredAt: phone });
  }

  await vi.waitFor(async () => {
    expect((await findBreaker(sql, PROVIDER)).retryAt).toBeGreaterThan(before + 59_000);
  });
  expect(breaker.isOpen).toBe(true);
  await vi.waitFor(() => expect(announce).toHaveBeenCalled());
  await vi.waitFor(() => expect(nudge).toHaveBeenCalledWith('provider-prober'));
});
