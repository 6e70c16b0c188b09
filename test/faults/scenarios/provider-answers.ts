import { until } from '../../support/until.js';
import type { Scenario } from '../scenario.js';
import { breakerOpens, expectNothingBurned, probeDeadline, someToSend } from './provider-watch.js';

/** Shares of all requests; together a little less than a quarter. */
const everything = [
  { kind: 'resetBeforeBody', rate: 0.02 },
  { kind: 'resetAfterBody', rate: 0.02 },
  { kind: 'resetAfterBody', accept: true, rate: 0.02 },
  { kind: 'acceptThenStatus', status: 500, rate: 0.03 },
  { kind: 'acceptThenStatus', status: 503, body: 'Service Unavailable', rate: 0.01 },
  { kind: 'acceptThenHang', rate: 0.005 },
  { kind: 'hang', rate: 0.005 },
  { kind: 'drip', everyMs: 400, rate: 0.005 },
  { kind: 'status', status: 502, body: '<html>Bad Gateway</html>', rate: 0.02 },
  { kind: 'html', rate: 0.01 },
  { kind: 'html', accept: true, rate: 0.01 },
  { kind: 'wrongBody', rate: 0.01 },
  { kind: 'wrongBody', body: '{"code":0,', accept: true, rate: 0.01 },
  { kind: 'brokenEncoding', accept: true, rate: 0.01 },
  { kind: 'codeBody', code: 17, message: 'queue is full', rate: 0.03 },
  { kind: 'closeIdle', afterMs: 2, rate: 0.02 },
];

const wrongAnswers: Scenario = {
  name: 'wrong-answers',
  what: 'every kind of wrong answer, reset and silence at once, to a mailing that sends again and to one that holds',
  quick: true,
  async run(stage) {
    await stage.behave({ latencyMs: 10, jitterMs: 10, faults: everything });
    await stage.load.clients(stage.amount(1_500), { tags: ['all'] });
    const again = await stage.load.mailing({ onAmbiguous: 'resend' });
    const held = await stage.load.mailing({ onAmbiguous: 'hold' });
    await stage.completed(again);
    await stage.completed(held);
    const rows = await stage.world.query<{ status: string; count: number }>(
      `SELECT status::text, count(*)::int FROM messages WHERE mailing_id = $1 GROUP BY 1`,
      [again.id],
    );
    const told = rows.map(({ status, count }) => `${count} ${status}`).join(', ');
    stage.expect(
      rows.length === 1 && rows[0]?.status === 'sent',
      `all are sent again until they are: ${told}`,
    );
  },
};

/** Nobody asked for any of it, and each of it is a clear yes. */
const encodings = [
  { kind: 'encoded', codings: ['gzip'] },
  { kind: 'encoded', codings: ['deflate'] },
  { kind: 'encoded', codings: ['rawDeflate'] },
  { kind: 'encoded', codings: ['br'] },
  { kind: 'encoded', codings: ['deflate', 'x-gzip'] },
  { kind: 'informational', statuses: [100] },
  { kind: 'informational', statuses: [103, 102, 100] },
  { kind: 'encoded', informational: [100, 103] },
];

const encodedAnswers: Scenario = {
  name: 'encoded-answers',
  what: 'the provider answers in gzip and other encodings, and behind 100 and 103: everyone is reached once',
  quick: true,
  async run(stage) {
    // Some get what is left: a plain answer between those in an encoding.
    const faults = stage.random.shuffle(encodings).map((fault) => ({ ...fault, rate: 0.25 }));
    await stage.behave({ latencyMs: 5, faults });
    const clients = await stage.load.clients(stage.amount(200));
    const mailing = await stage.load.mailing();
    await stage.completed(mailing);
    const { requests, distinctAccepted } = await stage.provider.summary();
    stage.expect(
      requests === clients.length && distinctAccepted === clients.length,
      `${clients.length} people, ${distinctAccepted} reached by ${requests} requests`,
    );
  },
};

const refusals: Scenario = {
  name: 'refusals',
  what: 'the provider refuses some messages by its own body: those fail, with the reason, and no others',
  quick: false,
  async run(stage) {
    await stage.behave({ latencyMs: 5 });
    const clients = await stage.load.clients(600);
    const refused = stage.random.shuffle(clients).slice(0, 50);
    await stage.behave({
      latencyMs: 5,
      faults: [
        {
          kind: 'status',
          status: 422,
          body: { code: 12, message: 'no such number' },
          phones: refused.map(({ phone }) => phone),
        },
      ],
    });
    const mailing = await stage.load.mailing();
    await stage.completed(mailing);
    const failed = await stage.world.query<{ phone: number; attempts: number; error: string }>(
      `SELECT phone, attempts::int, last_error AS error FROM messages WHERE status = 'failed'`,
    );
    const expected = new Set(refused.map(({ phone }) => phone));
    const asExpected = failed.every(
      ({ phone, attempts, error }) =>
        expected.has(phone) && attempts === 1 && error.includes('no such number'),
    );
    stage.expect(failed.length === 50 && asExpected, `failed were ${JSON.stringify(failed.slice(0, 3))}`);
  },
};

/** What a provider says, or another server in its place, when our address or token is wrong. */
const misconfigured = [
  { kind: 'status', status: 401 },
  { kind: 'status', status: 403, body: 'Forbidden' },
  { kind: 'status', status: 404, body: '<html>Not Found</html>' },
  { kind: 'redirect', status: 302, location: '/login' },
];

const wrongAccess: Scenario = {
  name: 'wrong-access',
  what: 'the token, then the address, are wrong for a while (401, 403, 404, 302): no message pays for it',
  quick: false,
  async run(stage) {
    await someToSend(stage);
    for (const fault of stage.random.shuffle(misconfigured).slice(0, 3)) {
      await stage.provider.adjust({ faults: [fault] });
      await breakerOpens(stage);
      await stage.pass(stage.random.between(300, 1_500));
      await stage.provider.adjust({ faults: [] });
      await stage.recovery(`status ${fault.status}`, { more: probeDeadline(stage) });
    }
    await expectNothingBurned(stage);
  },
};

/** Each of them to every request: the provider is down, whatever it says. */
const down = [
  { kind: 'acceptThenStatus', status: 500 },
  { kind: 'acceptThenHang' },
  { kind: 'resetBeforeBody' },
  { kind: 'resetAfterBody', accept: true },
  { kind: 'html', accept: true },
  { kind: 'drip', everyMs: 400 },
];

const brokenDown: Scenario = {
  name: 'broken-down',
  what: 'the provider accepts or not, and answers everyone wrongly or not at all, for seconds at a time',
  quick: false,
  async run(stage) {
    await someToSend(stage);
    for (const fault of stage.random.shuffle(down).slice(0, 3)) {
      await stage.provider.adjust({ faults: [fault] });
      await breakerOpens(stage);
      await stage.pass(stage.random.between(300, 1_500));
      await stage.provider.adjust({ faults: [] });
      await stage.recovery(fault.kind, { more: probeDeadline(stage) });
    }
  },
};

const RETRY_AFTER = 3_000;

const throttled: Scenario = {
  name: 'throttled',
  what: 'the provider asks by 503 and Retry-After, in seconds and as a date, for a pause: it gets it to the millisecond',
  quick: false,
  async run(stage) {
    await someToSend(stage);
    stage.ledger.pauseAskedFor = { ms: RETRY_AFTER, probes: 0 };
    for (const retryAfter of [RETRY_AFTER / 1_000, { dateInMs: RETRY_AFTER }]) {
      await stage.pass(stage.random.between(200, 600));
      await stage.provider.adjust({ faults: [{ kind: 'throttle', status: 503, retryAfter }] });
      await breakerOpens(stage);
      // Whoever was on the wire is told so too, and then the provider has room again.
      await stage.pass(200);
      await stage.provider.adjust({ faults: [] });
      await stage.recovery('a Retry-After', { more: { ms: RETRY_AFTER, why: 'the pause asked for' } });
    }
    await expectNothingBurned(stage);
  },
};

/** A 429 may be about single people, so three more are asked before everybody waits. */
const PROBES_THAT_AGREE = 3;

const askedOfAll: Scenario = {
  name: 'throttled-by-429',
  what: 'the provider answers everyone 429 with Retry-After: three probes later everyone waits for as long as told',
  quick: false,
  async run(stage) {
    await someToSend(stage);
    stage.ledger.pauseAskedFor = { ms: RETRY_AFTER, probes: PROBES_THAT_AGREE };
    await stage.provider.adjust({ faults: [{ kind: 'throttle', retryAfter: RETRY_AFTER / 1_000 }] });
    await until('three probes have failed', async () => {
      const [row] = await stage.world.query<{ failed: number; state: string }>(
        'SELECT failed_probes AS failed, breaker::text AS state FROM providers WHERE id = 1',
      );
      return row?.state === 'open' && row.failed >= PROBES_THAT_AGREE;
    });
    await stage.provider.adjust({ faults: [] });
    await stage.recovery('a 429 to everyone', { more: { ms: RETRY_AFTER, why: 'the pause asked for' } });
    await expectNothingBurned(stage);
  },
};

export const providerAnswers = [
  wrongAnswers,
  encodedAnswers,
  refusals,
  wrongAccess,
  brokenDown,
  throttled,
  askedOfAll,
];
