import type { LedgerClient } from '../ledger.js';
import type { Scenario } from '../scenario.js';
import type { Stage } from '../stage.js';
import { breakerChanges, breakerOpens, expectNothingBurned } from './provider-watch.js';
import { expectNearlyAsFast, expectNoGap, expectTold, healthySent, warmUp } from './recipients-watch.js';

/** Milliseconds that the provider takes for an answer. */
const LATENCY = 20;
const CONNECTIONS = 16;
const RECIPIENTS = 1_000;

const settings = { PROVIDER_CONCURRENCY: String(CONNECTIONS) };

/** What real providers say of one person: blocked, opted out, too many messages to this number. */
const answers = [
  { kind: 'status', status: 403 },
  { kind: 'status', status: 403, body: 'Forbidden' },
  { kind: 'status', status: 402 },
  { kind: 'throttle', retryAfter: 1 },
  { kind: 'redirect', status: 302, location: '/login' },
  { kind: 'status', status: 404, body: null },
];

/** The phones of so many clients. */
function drawn(stage: Stage, clients: readonly LedgerClient[], count: number): Set<number> {
  const some = stage.random.shuffle(clients).slice(0, count);
  return new Set(some.map(({ phone }) => phone));
}

/** Each of these numbers is answered so, in turn, whenever it is sent to. */
function badNumbers(stage: Stage, phones: readonly number[]) {
  const drawn = stage.random.shuffle(answers);
  return drawn.flatMap((answer, nth) => {
    const own = phones.filter((_, index) => index % drawn.length === nth);
    return own.length === 0 ? [] : [{ ...answer, phones: own }];
  });
}

async function expectNeverOpened(stage: Stage): Promise<void> {
  const changes = await breakerChanges(stage);
  stage.expect(changes === 0, `the breaker changed ${changes} times`);
}

const threeBad: Scenario = {
  name: 'three-bad-numbers',
  what: 'three of 1,000 numbers are answered 403, 402, 429, 302 or 404: nobody else waits for them',
  quick: true,
  options: { settings },
  async run(stage) {
    await stage.behave({ latencyMs: LATENCY });
    await warmUp(stage);
    const clients = await stage.load.clients(RECIPIENTS, { tags: ['all'] });
    const bad = drawn(stage, clients, 3);
    await stage.provider.adjust({ faults: badNumbers(stage, [...bad]) });
    const mailing = await stage.load.mailing({ audience: { tags: ['all'] }, endsInMs: 20_000 });
    const madeAt = Date.now();
    await healthySent(stage, mailing, bad);
    await expectNoGap(stage, mailing, bad, madeAt);
    await expectTold(stage, mailing, bad);
    await expectNeverOpened(stage);
  },
};

const aloneInFront: Scenario = {
  name: 'bad-number-in-front',
  what: 'a mailing of priority 10 has one number, which the provider refuses to serve: the one behind it goes on',
  quick: false,
  options: { settings },
  async run(stage) {
    await stage.behave({ latencyMs: LATENCY });
    await warmUp(stage);
    const [culprit] = await stage.load.clients(1, { tags: ['bad'] });
    await stage.load.clients(RECIPIENTS, { tags: ['healthy'] });
    const bad = new Set([culprit?.phone ?? 0]);
    const fault = { ...stage.random.pick(answers), phones: [...bad] };
    await stage.provider.adjust({ faults: [fault] });
    const { requests } = await stage.provider.summary();
    const alone = { audience: { tags: ['bad'] }, endsInMs: 20_000, fields: { priority: 10 } };
    const front = await stage.load.mailing(alone);
    // By then it is known to be in trouble, and nobody else can judge that.
    await stage.received(requests + 2);
    const mailing = await stage.load.mailing({ audience: { tags: ['healthy'] }, endsInMs: 20_000 });
    const madeAt = Date.now();
    await healthySent(stage, mailing, bad);
    await expectNoGap(stage, mailing, bad, madeAt);
    await expectTold(stage, front, bad);
    await expectNeverOpened(stage);
  },
};

const everyTenth: Scenario = {
  name: 'every-tenth-number-bad',
  what: 'a tenth of 1,000 numbers are in trouble of their own: the others are through nearly as soon as without',
  quick: false,
  options: { settings },
  async run(stage) {
    await stage.behave({ latencyMs: LATENCY });
    const clients = await stage.load.clients(RECIPIENTS, { tags: ['all'] });
    const bad = drawn(stage, clients, RECIPIENTS / 10);
    await expectNearlyAsFast(stage, bad, badNumbers(stage, [...bad]));
  },
};

const neighbours: Scenario = {
  name: 'hundred-bad-neighbours',
  what: 'a hundred numbers in a row are refused, as imported together: the others are through nearly as soon as without',
  quick: false,
  options: { settings },
  async run(stage) {
    await stage.behave({ latencyMs: LATENCY });
    const clients = await stage.load.clients(RECIPIENTS, { tags: ['all'] });
    const first = stage.random.between(100, 800);
    const bad = new Set(clients.slice(first, first + 100).map(({ phone }) => phone));
    const phones = [...bad];
    await expectNearlyAsFast(stage, bad, [{ kind: 'status', status: 403, phones }]);
    const stops = await breakerChanges(stage, 'closed');
    stage.notes.push(`sending stopped ${stops} times`);
    // Eight of them at least are needed each time, and none of them twice.
    stage.expect(stops <= phones.length / 8, `sending stopped ${stops} times`);
  },
};

const askedToWait: Scenario = {
  name: 'a-tenth-asked-to-wait',
  what: 'a tenth of 1,000 numbers get 429 with Retry-After: 5 for themselves: a healthy mailing beside goes on',
  quick: false,
  options: { settings },
  async run(stage) {
    await stage.behave({ latencyMs: LATENCY });
    await warmUp(stage);
    const clients = await stage.load.clients(RECIPIENTS, { tags: ['some'] });
    await stage.load.clients(RECIPIENTS, { tags: ['healthy'] });
    const bad = drawn(stage, clients, RECIPIENTS / 10);
    await stage.provider.adjust({ faults: [{ kind: 'throttle', retryAfter: 5, phones: [...bad] }] });
    const some = await stage.load.mailing({ audience: { tags: ['some'] }, endsInMs: 30_000 });
    const mailing = await stage.load.mailing({ audience: { tags: ['healthy'] }, endsInMs: 30_000 });
    const madeAt = Date.now();
    await healthySent(stage, mailing, bad);
    await healthySent(stage, some, bad);
    await expectNoGap(stage, mailing, bad, madeAt);
    await expectTold(stage, some, bad);
  },
};

const wrongToken: Scenario = {
  name: 'token-wrong-for-all',
  what: 'everyone is answered 401: sending stops within a few requests, nothing is counted, and goes on when it is right',
  quick: false,
  options: { settings, dispatchers: 1 },
  async run(stage) {
    await stage.behave({ latencyMs: LATENCY });
    await stage.load.clients(RECIPIENTS);
    await stage.load.mailing();
    await stage.received(100);
    const before = (await stage.provider.received()).length;
    await stage.provider.adjust({ faults: [{ kind: 'status', status: 401 }] });
    await breakerOpens(stage);
    await stage.pass(stage.random.between(1_000, 2_000));
    const refused = (await stage.provider.received()).slice(before).filter(({ status }) => status === 401);
    const first = refused[0]?.at ?? 0;
    // What comes later than the opening by a second are probes.
    const atOnce = refused.filter(({ at }) => at < first + 900).length;
    stage.notes.push(`${atOnce} requests until it stopped, ${refused.length} in all`);
    stage.expect(atOnce <= 2 * CONNECTIONS, `${atOnce} requests with a wrong token`);
    await stage.provider.adjust({ faults: [] });
    await stage.recovery('a wrong token', { more: { ms: 1_000, why: "the probe's own deadline" } });
    await expectNothingBurned(stage);
  },
};

const ownLimit: Scenario = {
  name: 'limit-of-the-providers-own',
  what: 'the provider takes 100 messages a second and we have no limit set: all of 2,000 are sent in the end',
  quick: false,
  options: { settings, deadlineMs: 200_000 },
  async run(stage) {
    const fault = { kind: 'throttle', abovePerSecond: 100, retryAfter: 1 };
    await stage.behave({ latencyMs: LATENCY, faults: [fault] });
    await stage.load.clients(2_000);
    const mailing = await stage.load.mailing();
    await stage.completed(mailing, 120_000);
    const rows = await stage.world.query<{ status: string; count: number }>(
      `SELECT status::text, count(*)::int FROM messages GROUP BY 1`,
    );
    stage.notes.push(rows.map(({ status, count }) => `${count} ${status}`).join(', '));
    stage.expect(rows.length === 1 && rows[0]?.status === 'sent', `ended as ${JSON.stringify(rows)}`);
  },
};

export const recipientsTrouble = [
  threeBad,
  aloneInFront,
  everyTenth,
  neighbours,
  askedToWait,
  wrongToken,
  ownLimit,
];
