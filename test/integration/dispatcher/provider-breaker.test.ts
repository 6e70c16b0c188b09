import { expect, test, vi } from 'vitest';
import { closeBreaker, findBreaker, openBreaker, takeProbe } from '#libs/providers/breaker';
import type { ControlBus } from '#libs/nats';
import type { Outcome } from '#libs/providers/kinds';
import type { GrantedMessage } from '../../../apps/dispatcher/grant/open-batch.js';
import { ProviderBreaker } from '../../../apps/dispatcher/outlets/provider-breaker.js';
import type { DutyTicker } from '../../../apps/dispatcher/process/duty-ticker.js';
import { SendSwitch } from '../../../apps/dispatcher/process/send-switch.js';
import { setup } from '../../support/queue-scenario.js';
import { anOpenBatch } from '../../unit/dispatcher/dispatcher-fixture.js';

const PROVIDER = 1;
const EIGHT = [1, 2, 3, 4, 5, 6, 7, 8];

const accepted: Outcome = { kind: 'accepted' };
const refused: Outcome = { kind: 'misconfigured', error: 'status 403', httpStatus: 403 };
const throttled = (httpStatus: number): Outcome => ({
  kind: 'throttled',
  error: `status ${httpStatus}`,
  httpStatus,
  retryAfterMs: 60_000,
});

async function aBreaker() {
  const scenario = await setup();
  await scenario.aPlannedMailing({ endsIn: '1h' });
  const { sql } = scenario;
  const announce = vi.fn<ControlBus['announce']>();
  const nudge = vi.fn<DutyTicker['nudge']>();
  const bus = { announce } as unknown as ControlBus;
  const breaker = new ProviderBreaker(sql, bus, new SendSwitch(), { nudge } as unknown as DutyTicker);
  await breaker.runOnce();
  const batch = anOpenBatch();
  /** What one recipient was answered, by a request that starts now if not said. */
  const note = (phone: number, outcome: Outcome, startedAt = performance.now()) => {
    const message = { id: phone, phone, ownThrottles: 0, ownRefusals: 0, batch } as GrantedMessage;
    return breaker.note({ message, outcome, latencyMs: 1, startedAt, answeredAt: performance.now() });
  };
  const { id: owner } = await scenario.dispatcher();
  /** A probe is answered, which refutes those who stopped sending, or does not. */
  const probed = async ({ refuted }: { refuted: boolean }) => {
    await vi.waitFor(async () => expect((await findBreaker(sql, PROVIDER)).state).toBe('open'));
    await takeProbe(sql, PROVIDER, owner, 5_000);
    await closeBreaker(sql, PROVIDER, owner, refuted);
    await vi.waitFor(async () => {
      await breaker.runOnce();
      expect(breaker.isOpen).toBe(false);
    });
  };
  const opensOver = (outcome: Outcome, phones = EIGHT) => {
    for (const phone of phones) note(phone, outcome);
    return breaker.isOpen;
  };
  return { ...scenario, breaker, announce, nudge, note, probed, opensOver };
}

test('a pause that the provider asks for holds though another dispatcher opened the breaker first', async () => {
  const { sql, now, breaker, announce, nudge, opensOver } = await aBreaker();
  await openBreaker(sql, PROVIDER, { reason: 'it refused connections', retryInMs: 1_000 });
  const before = await now();
  // It has not heard of that yet.
  opensOver(throttled(503));

  await vi.waitFor(async () => {
    expect((await findBreaker(sql, PROVIDER)).retryAt).toBeGreaterThan(before + 59_000);
  });
  expect(breaker.isOpen).toBe(true);
  await vi.waitFor(() => expect(announce).toHaveBeenCalled());
  await vi.waitFor(() => expect(nudge).toHaveBeenCalledWith('provider-prober'));
});

test('eight people who are asked to wait keep nobody waiting until others are asked too', async () => {
  const { sql, now, breaker, note, opensOver } = await aBreaker();
  expect(opensOver(throttled(429))).toBe(true);
  // On the wire when sending stopped.
  note(9, throttled(429));
  await vi.waitFor(async () => expect(breaker.current?.state).toBe('open'));
  const row = await findBreaker(sql, PROVIDER);
  expect(row).toMatchObject({ state: 'open', askedForMs: 60_000 });
  expect(row.retryAt).toBeLessThanOrEqual(await now());
});

test('those who stopped sending while others were served do not stop it again', async () => {
  const { announce, note, probed, opensOver } = await aBreaker();
  expect(opensOver(refused)).toBe(true);
  note(9, refused);
  await probed({ refuted: true });
  const refuted = { providerId: PROVIDER, throttled: [], misconfigured: [...EIGHT, 9] };
  expect(announce).toHaveBeenCalledWith('ems.control.refuted', refuted);

  expect(opensOver(refused, [...EIGHT, 9]), 'the same').toBe(false);
  expect(opensOver(refused, [11, 12, 13, 14, 15, 16, 17, 18]), 'others').toBe(true);
});

test('those who were served by a probe are believed again', async () => {
  const { breaker, probed, opensOver } = await aBreaker();
  expect(opensOver(refused)).toBe(true);
  await probed({ refuted: true });
  for (const phone of EIGHT) {
    const message = { id: phone, phone, batch: { probe: true } } as GrantedMessage;
    breaker.note({ message, outcome: accepted, latencyMs: 1, startedAt: 0, answeredAt: 1 });
  }
  expect(opensOver(refused)).toBe(true);
});

test('those over whom another dispatcher stopped do not stop it here', async () => {
  const { breaker, opensOver } = await aBreaker();
  breaker.noteRefuted({ providerId: PROVIDER, throttled: [], misconfigured: EIGHT });
  expect(opensOver(refused)).toBe(false);
  expect(opensOver(throttled(429))).toBe(true);
});

test('those who stopped sending for good reason may stop it again', async () => {
  const { announce, probed, opensOver } = await aBreaker();
  expect(opensOver(refused)).toBe(true);
  await probed({ refuted: false });
  expect(announce).not.toHaveBeenCalledWith('ems.control.refuted', expect.anything());

  expect(opensOver(refused)).toBe(true);
});

test('an answer to what started before sending stopped is held against nobody when it goes on', async () => {
  const { note, probed, opensOver } = await aBreaker();
  const before = performance.now();
  expect(opensOver(refused)).toBe(true);
  await probed({ refuted: false });

  for (let phone = 20; phone < 30; phone += 1) note(phone, refused, before);
  expect(note(10, accepted), 'the token was wrong then').toEqual([]);
  note(20, refused);
  expect(note(10, accepted).map(({ message }) => message.id)).toEqual([20]);
});
