import { describe, expect, test } from 'vitest';
import { findBreaker, openBreaker } from '#libs/providers/breaker';
import type { ControlBus } from '#libs/nats';
import type { Outcome } from '#libs/providers/kinds';
import { ProviderProber } from '../../../apps/dispatcher/duties/provider-prober.js';
import { ProviderBreaker } from '../../../apps/dispatcher/outlets/provider-breaker.js';
import type { DispatcherIdentity } from '../../../apps/dispatcher/process/dispatcher-identity.js';
import type { DutyTicker } from '../../../apps/dispatcher/process/duty-ticker.js';
import { SendSwitch } from '../../../apps/dispatcher/process/send-switch.js';
import type { ProbeSender } from '../../../apps/dispatcher/take/probe-sender.js';
import { setup } from '../../support/queue-scenario.js';
import { aConfig } from '../../unit/dispatcher/dispatcher-fixture.js';

const PROVIDER = 1;

const accepted: Outcome = { kind: 'accepted' };
const refused: Outcome = { kind: 'misconfigured', httpStatus: 403, error: 'status 403' };
const unreachable: Outcome = { kind: 'notSent', error: 'ECONNREFUSED' };
const ambiguous: Outcome = { kind: 'ambiguous', error: 'no answer' };
const throttled = (retryAfterMs?: number, httpStatus = 429): Outcome => ({
  kind: 'throttled',
  httpStatus,
  retryAfterMs,
  error: `status ${httpStatus}`,
});

interface Opening {
  reason?: string;
  askedForMs?: number;
}

/** A breaker that has just opened, with enough to probe with. */
async function aProber({ reason = 'throttled: status 429', askedForMs = 0 }: Opening = {}) {
  const scenario = await setup();
  await scenario.aPlannedMailing({ endsIn: '1h' });
  const { sql } = scenario;
  const { id } = await scenario.dispatcher();
  const config = aConfig();
  const bus = { announce: () => {} } as unknown as ControlBus;
  const breaker = new ProviderBreaker(sql, bus, new SendSwitch(), {
    nudge: () => {},
  } as unknown as DutyTicker);
  const opened = async () => {
    await openBreaker(sql, PROVIDER, { reason, retryInMs: 0, askedForMs });
    await breaker.runOnce();
  };
  await opened();
  let probe: { outcome: Outcome; wasUnsuspected: boolean } | undefined;
  const orders: boolean[] = [];
  const sender = {
    sendOne: async ({ unsuspectedFirst }: { unsuspectedFirst: boolean }) => {
      orders.push(unsuspectedFirst);
      return probe;
    },
  } as unknown as ProbeSender;
  const prober = new ProviderProber(config, sql, { id } as DispatcherIdentity, breaker, sender);
  /** What one probe comes to, and the milliseconds until the next one. */
  const probed = async (outcome: Outcome | undefined, wasUnsuspected = true) => {
    probe = outcome && { outcome, wasUnsuspected };
    const result = await prober.runOnce();
    const { retryAt } = await findBreaker(sql, PROVIDER);
    return { result, waits: retryAt === null ? null : retryAt - (await scenario.now()) };
  };
  const closedByAnother = async () => {
    await scenario.run(`UPDATE providers SET breaker = 'closed', version = version + 1`);
    await breaker.runOnce();
  };
  return { ...scenario, probed, opened, closedByAnother, orders, row: () => findBreaker(sql, PROVIDER) };
}

/** So many milliseconds or a little less, as a moment has passed. */
const about = (ms: number) => ({
  asymmetricMatch: (waits: unknown) => typeof waits === 'number' && waits <= ms && waits > ms - 500,
});

describe('a probe that meets one more recipient in trouble', () => {
  test.for([refused, throttled(), throttled(60_000)])(
    'is followed by two others at once: %o',
    async (outcome) => {
      const { probed } = await aProber();
      expect(await probed(outcome)).toEqual({ result: 'in doubt', waits: about(0) });
      expect(await probed(outcome)).toEqual({ result: 'in doubt', waits: about(0) });
      expect((await probed(outcome)).result).toBe('failed');
    },
  );

  test('goes to somebody without a suspicious answer first, and to each mailing in its turn', async () => {
    const { probed, orders } = await aProber();
    for (let nth = 0; nth < 3; nth += 1) await probed(refused);
    expect(orders).toEqual([true, false, true]);
  });
});

describe('a probe that was called off', () => {
  const calledOff: Outcome = { kind: 'notSent', withdrawn: true, error: 'the mailing was stopped' };

  test.for([calledOff, undefined])('gives its turn to another mailing: %o', async (outcome) => {
    const { probed, orders, row, shiftClock } = await aProber();
    for (let nth = 0; nth < 3; nth += 1) {
      expect((await probed(outcome)).result).toBe('nothing to send');
      await shiftClock(`${nth + 1}s`);
    }
    expect(orders).toEqual([true, false, true]);
    expect(await row()).toMatchObject({ state: 'open', failedProbes: 0 });
  });

  test('changes no turn of a later outage, after another dispatcher ended the first', async () => {
    const { probed, orders, closedByAnother, opened } = await aProber();
    await probed(calledOff);
    await closedByAnother();
    await probed(undefined);
    await opened();
    await probed(refused);
    expect(orders).toEqual([true, true]);
  });
});

describe('when three probes agree', () => {
  /** The pause after the third. */
  async function third(outcome: Outcome, opening: Opening = {}) {
    const { probed, shiftClock } = await aProber(opening);
    await probed(outcome);
    await probed(outcome);
    return { ...(await probed(outcome)), probed, shiftClock };
  }

  test('a refusal is asked again after a second, and then every two', async () => {
    const { waits, probed, shiftClock } = await third(refused);
    expect(waits).toEqual(about(1_000));
    await shiftClock('1s');
    expect(await probed(refused)).toEqual({ result: 'failed', waits: about(2_000) });
    await shiftClock('2s');
    expect(await probed(refused)).toEqual({ result: 'failed', waits: about(2_000) });
  });

  test.for([
    ['as all were told', 60_000, 60_000, 60_000],
    ['the shortest of it', 3_000, 60_000, 3_000],
    ['at most twice of it, when a few are told much more', 10_000, 5_000, 3_600_000],
    ['at least a second, as it is a message of somebody', 1_000, 0, 0],
    ['two seconds without a word of theirs', 2_000, 0, undefined],
  ] as const)('a pause is believed: %s', async ([, pause, askedForMs, told]) => {
    expect((await third(throttled(told), { askedForMs })).waits).toEqual(about(pause));
  });

  test('a pause is still known after a probe that got no answer', async () => {
    const { probed, shiftClock } = await aProber({ askedForMs: 60_000 });
    await probed(throttled(60_000));
    expect((await probed(ambiguous)).result).toBe('failed');
    await shiftClock('2s');
    expect((await probed(throttled(60_000))).waits).toEqual(about(60_000));
  });

  test('a pause is still known after a probe that could not be made', async () => {
    const { probed, shiftClock } = await aProber({ askedForMs: 60_000 });
    expect(await probed(undefined)).toEqual({ result: 'nothing to send', waits: about(1_000) });
    await shiftClock('1s');
    await probed(refused);
    await probed(throttled(60_000));
    expect((await probed(throttled(60_000))).waits).toEqual(about(60_000));
  });
});

test('a 503 that asks for a pause gets it at once: it is about everybody', async () => {
  const { probed } = await aProber({ askedForMs: 3_000 });
  expect(await probed(throttled(3_000, 503))).toEqual({ result: 'failed', waits: about(3_000) });
});

test.for([unreachable, ambiguous])(
  'an outage is probed after one second, then every two: %o',
  async (outcome) => {
    const { probed, shiftClock } = await aProber({ reason: 'unreachable: ECONNREFUSED' });
    expect(await probed(outcome)).toEqual({ result: 'failed', waits: about(1_000) });
    await shiftClock('1s');
    expect(await probed(outcome)).toEqual({ result: 'failed', waits: about(2_000) });
  },
);

describe('a probe that is served', () => {
  test('at once, by somebody without a suspicious answer, refutes those over whom sending stopped', async () => {
    const { probed, row } = await aProber();
    await probed(refused);
    expect(await probed(accepted)).toEqual({ result: 'answered', waits: null });
    expect(await row()).toMatchObject({ state: 'closed', refuted: true });
  });

  test('refutes nobody when it was one of them', async () => {
    const { probed, row } = await aProber();
    await probed(accepted, false);
    expect(await row()).toMatchObject({ state: 'closed', refuted: false });
  });

  test('refutes nobody when a second has passed: it may have been an outage', async () => {
    const { probed, row, shiftClock } = await aProber();
    await shiftClock('1s');
    await probed(accepted);
    expect(await row()).toMatchObject({ state: 'closed', refuted: false });
  });

  test('refutes nobody after three have agreed', async () => {
    const { probed, row, sql } = await aProber();
    for (let nth = 0; nth < 3; nth += 1) await probed(refused);
    await sql.query({ name: 'due', text: 'UPDATE providers SET retry_at = ems_now()' }, []);
    await probed(accepted);
    expect(await row()).toMatchObject({ state: 'closed', refuted: false });
  });

  test('refutes nobody when the provider could not be reached', async () => {
    const { probed, row } = await aProber({ reason: 'unreachable: ECONNREFUSED' });
    await probed(accepted);
    expect(await row()).toMatchObject({ state: 'closed', refuted: false });
  });
});
