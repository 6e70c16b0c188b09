import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { aClient, aMailing, TestApi } from '../../support/api.js';

/** Milliseconds that a request may hold the loop, beyond what the machine does to a process that is idle. */
const LONGEST = 50;
/** A loop that is really held is held each time; what the neighbours do is not. */
const ROUNDS = 5;

const idle = `
  const delay = require('node:perf_hooks').monitorEventLoopDelay({ resolution: 2 });
  delay.enable();
  process.on('message', (ask) => {
    if (ask === 'max') process.send(delay.max / 1e6);
    delay.reset();
  });`;

let api: TestApi;
let control: ChildProcess;

beforeAll(async () => {
  api = await TestApi.start();
  control = spawn(process.execPath, ['-e', idle], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
});
afterAll(async () => {
  control.kill();
  await api.end();
});

const own = monitorEventLoopDelay({ resolution: 2 });

/** Milliseconds between two turns of the loop that this watches, at most. */
const TURN = 2;

/**
 * The most processor time between two turns of the loop, in milliseconds. A process that waits for a processor uses
 * none, so what is long by this is the loop's own doing.
 */
function watchProcessorTime(): { end(): number } {
  let most = 0;
  let before = process.cpuUsage();
  const timer = setInterval(() => {
    const { user, system } = process.cpuUsage(before);
    before = process.cpuUsage();
    most = Math.max(most, (user + system) / 1e3);
  }, TURN);
  return {
    end: () => {
      clearInterval(timer);
      return most;
    },
  };
}

/**
 * The most that `work` held the loop, in its best round: beyond the idle process, and no more than the processor time
 * that it used.
 */
async function held(work: () => Promise<void>): Promise<number> {
  let best = Infinity;
  own.enable();
  for (let round = 0; round < ROUNDS && best > LONGEST / 2; round += 1) {
    control.send('reset');
    own.reset();
    const processor = watchProcessorTime();
    // Both watch between turns: work that holds the loop from its start to its end has to have one on each side.
    await sleep(2 * TURN);
    await work();
    await sleep(2 * TURN);
    const used = processor.end();
    const answer = once(control, 'message');
    control.send('max');
    const [beside] = (await answer) as [number];
    best = Math.min(best, own.max / 1e6 - beside, used);
  }
  own.disable();
  return best;
}

/** Nothing is parsed here: this process is the service's own. */
async function send(method: 'GET' | 'POST', url: string, body?: string, key?: string): Promise<number> {
  const answer = await api.app.inject({
    method,
    url,
    headers: { 'content-type': 'application/json', ...(key !== undefined && { 'idempotency-key': key }) },
    ...(body !== undefined && { payload: body }),
  });
  return answer.statusCode;
}

const fieldsOf = (count: number, value: (nth: number) => unknown = (nth) => nth) =>
  Object.fromEntries(Array.from({ length: count }, (_, nth) => [`k${nth}`, value(nth)]));

const batchOf = (count: number, given: (nth: number) => Record<string, unknown>) =>
  JSON.stringify({ items: Array.from({ length: count }, (_, nth) => aClient(given(nth))) });

/** As many tags as a list may have, each as long as it may be, of letters whose marks are all apart. */
const spelledOut = Array.from({ length: 1_000 }, (_, nth) => `${nth}`.padEnd(64, 'ế').normalize('NFD'));

const bodies: Record<string, { path: string; body: string }> = {
  'clients with as many attributes as they may have': {
    path: '/v1/clients/batch',
    body: batchOf(450, (nth) => ({ attributes: fieldsOf(100, () => nth) })),
  },
  'clients with more attributes than that': {
    path: '/v1/clients/batch',
    body: batchOf(49, () => ({ attributes: fieldsOf(999) })),
  },
  'clients with attributes of lists in lists': {
    path: '/v1/clients/batch',
    body: batchOf(60, () => ({ attributes: { a: Array.from({ length: 80 }, () => [[[[[[[]]]]]]]) } })),
  },
  'a thousand clients with tags': {
    path: '/v1/clients/batch',
    body: batchOf(1_000, () => ({ tags: Array.from({ length: 40 }, (_, nth) => `Tag ${nth}`) })),
  },
  'a thousand clients that are all wrong': {
    path: '/v1/clients/batch',
    body: JSON.stringify({ items: Array.from({ length: 1_000 }, () => fieldsOf(40)) }),
  },
  'a mailing with an audience of four thousand values': {
    path: '/v1/mailings',
    body: JSON.stringify(
      aMailing({
        text: 'x'.repeat(4_096),
        audience: {
          operatorCodes: Array.from({ length: 1_000 }, (_, nth) => `o${nth}`),
          tags: Array.from({ length: 1_000 }, (_, nth) => `${'t'.repeat(58)}${nth}`),
          excludeTags: Array.from({ length: 1_000 }, (_, nth) => `${'É'.repeat(58)}${nth}`),
          timezones: Array.from({ length: 1_000 }, () => 'Europe/Kyiv'),
        },
      }),
    ),
  },
  'a mailing with two thousand tags in their longest spelling': {
    path: '/v1/mailings',
    body: JSON.stringify(aMailing({ audience: { tags: spelledOut, excludeTags: spelledOut } })),
  },
  'a body of more values than are taken': { path: '/v1/clients', body: `[${'{},'.repeat(340_000)}{}]` },
};

test.each(Object.entries(bodies))(
  '%s: nobody waits for it',
  async (name, { path, body }) => {
    expect(Buffer.byteLength(body)).toBeLessThan(1_048_576);
    let key = 0;
    const longest = await held(async () => {
      await api.query('TRUNCATE clients');
      await send('POST', path, body);
      await api.query('TRUNCATE clients');
      // The second finds the answer of the first.
      key += 1;
      for (let time = 0; time < 2; time += 1) await send('POST', path, body, `${name.length}-${key}`);
    });
    expect(longest).toBeLessThan(LONGEST);
  },
  120_000,
);

test('a page of five hundred clients with large attributes: nobody waits for it', async () => {
  await api.query('TRUNCATE clients');
  await api.query(
    `INSERT INTO clients (phone, timezone, attributes)
     SELECT 70000000000 + n, 'UTC', jsonb_build_object('a', array_fill(0, ARRAY[5000]))
     FROM generate_series(1, 500) AS n`,
  );
  const longest = await held(async () => {
    expect(await send('GET', '/v1/clients?limit=500')).toBe(200);
  });
  expect(longest).toBeLessThan(LONGEST);
});

/** Marks that stand in the wrong order, which to sort takes the square of their number. */
const marks = (units: number) => `a${'\u0301\u0316'.repeat(units / 2)}`.slice(0, units);

/** A tag that is too long, as is seen only when each letter has taken up its marks. */
const fullOfMarks = marks(4).repeat(64);

const wrongAudiences: Record<string, { field: string; audience: Record<string, string[]> }> = {
  'a tag of marks': { field: 'tags[0]', audience: { tags: [marks(65_536)] } },
  'five hundred tags of marks': {
    field: 'tags[0]',
    audience: { tags: Array.from({ length: 500 }, () => marks(1_000)) },
  },
  'two thousand tags, each with as many marks as letters may take up': {
    field: 'tags[0]',
    audience: {
      tags: Array.from({ length: 1_000 }, () => fullOfMarks),
      excludeTags: Array.from({ length: 1_000 }, () => fullOfMarks),
    },
  },
  'more tags of marks than a list may have': {
    field: 'tags',
    audience: { tags: Array.from({ length: 3_900 }, () => marks(130)) },
  },
  'a thousand zones that are none': {
    field: 'timezones[0]',
    audience: { timezones: Array.from({ length: 1_000 }, (_, nth) => `Mars/Olympus_${nth}`) },
  },
  'ten thousand zones that are none': {
    field: 'timezones',
    audience: { timezones: Array.from({ length: 10_000 }, (_, nth) => `Mars/Olympus_${nth}`) },
  },
};

test.each(Object.entries(wrongAudiences))(
  'an audience with %s: nobody waits until it is refused',
  async (_, { field, audience }) => {
    const body = JSON.stringify(aMailing({ audience }));
    expect(Buffer.byteLength(body)).toBeLessThan(1_048_576);
    const longest = await held(async () => {
      expect(await send('POST', '/v1/mailings', body)).toBe(400);
    });
    expect(longest).toBeLessThan(LONGEST);
    const { body: problem } = await api.post('/v1/mailings', undefined, {
      raw: body,
      headers: { 'content-type': 'application/json' },
    });
    expect(problem.errors[0].path).toBe(`audience.${field}`);
  },
  120_000,
);

test('clients of a batch with tags of marks: nobody waits until they are refused', async () => {
  const tags = [marks(65_536)];
  const body = JSON.stringify({ items: [aClient({ tags }), aClient({ tags }), aClient()] });
  const longest = await held(async () => {
    await api.query('TRUNCATE clients');
    expect(await send('POST', '/v1/clients/batch', body)).toBe(200);
  });
  expect(longest).toBeLessThan(LONGEST);
  await api.query('TRUNCATE clients');
  const { body: answer } = await api.post('/v1/clients/batch', JSON.parse(body));
  expect(answer.items.map((item: { error?: { errors: { path: string }[] } }) => item.error?.errors)).toEqual([
    [{ path: 'tags[0]', message: 'must be a string of 1 to 64 characters that is not blank' }],
    [{ path: 'tags[0]', message: 'must be a string of 1 to 64 characters that is not blank' }],
    undefined,
  ]);
});
