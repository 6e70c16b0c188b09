import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { expect, test } from 'vitest';
import { ScriptedProvider, httpAnswer } from '../support/scripted-provider.js';
import { until } from '../support/until.js';
import { aDataFolder, processesOn, StartedService } from '../standalone/started-service.js';

const TOKEN = 'the-providers-token-of-this-test';
const KEY = 'the-named-key-of-this-test';
const OTHER_KEY = 'the-other-key-of-this-test';
const SECRETS = [TOKEN, KEY, OTHER_KEY];
const PHONES = Array.from({ length: 10 }, (_, nth) => `7900123456${nth}`);

/** As people, pages and addresses write one number. */
function spellings(phone: string): string[] {
  const [, area, three, two, last] = /^7(\d{3})(\d{3})(\d\d)(\d\d)$/.exec(phone) ?? [];
  return [
    phone,
    `${area}${three}${two}${last}`,
    `+7 (${area}) ${three}-${two}-${last}`,
    `8 ${area} ${three} ${two} ${last}`,
    `+7.${area}.${three}.${two}.${last}`,
    `${three}-${two}-${last}`,
    `%2B7%20${area}%20${three}-${two}-${last}`,
  ];
}

/** Every secret and every phone that a text tells, however it is written. */
function toldBy(text: string): string[] {
  const told = SECRETS.filter((secret) => text.includes(secret));
  return [...told, ...PHONES.flatMap(spellings).filter((spelling) => text.includes(spelling))];
}

/** Quotes what it was sent in every way, in the answers of a provider and in those of whatever is in its place. */
async function aTellTale(): Promise<ScriptedProvider> {
  const provider = await ScriptedProvider.start((socket, nth): void => {
    const { body, headers } = provider.received[nth - 1]!;
    // The dispatcher's health asks whether anything answers.
    if (body === '') return void socket.end(httpAnswer(404, ''));
    const { phone } = JSON.parse(body) as { phone: number };
    const words = `${spellings(String(phone)).join(', ')} with ${headers.get('authorization')}`;
    const answers = [
      httpAnswer(200, JSON.stringify({ code: 21_211, message: `later: ${words}` })),
      httpAnswer(500, JSON.stringify({ error: words })),
      httpAnswer(502, `<p>${words}</p>`),
    ];
    // Once everybody is answered so, the breaker opens, and its reason tells of the last.
    const refusals = [
      httpAnswer(302, '', {
        location: `https://u:${TOKEN}@host/${encodeURIComponent(words)}?token=${TOKEN}`,
      }),
      httpAnswer(401, JSON.stringify({ code: 7, message: words })),
    ];
    const ways = nth > 15 ? refusals : answers;
    socket.end(ways[nth % ways.length] ?? '');
  });
  return provider;
}

test('no log, answer, stored reason or environment of a whole run tells a secret or a phone', async () => {
  const folder = await aDataFolder();
  const provider = await aTellTale();
  const service = await new StartedService(folder, {
    API_KEYS: `named:${KEY},${OTHER_KEY}`,
    PROVIDER_URL: provider.url,
    PROVIDER_TOKEN: TOKEN,
    BACKOFF_BASE_MS: '10',
  }).isUp();
  const api = service.address('API').replace('/v1', '');
  const dispatcher = /(http:\/\/\S+)\/metrics$/m.exec(service.output)![1]!;
  const call = async (
    path: string,
    key?: string,
    body?: unknown,
    method = body === undefined ? 'GET' : 'POST',
  ) => {
    const answer = await fetch(path.startsWith('/') ? `${api}${path}` : path, {
      method,
      headers: {
        ...(key !== undefined && { authorization: `Bearer ${key}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: answer.status, text: await answer.text() };
  };

  for (const phone of PHONES) {
    expect((await call('/v1/clients', KEY, { phone: `+${phone}`, timezone: 'UTC' })).status).toBe(201);
  }
  // What is refused: what is there already, a wrong field beside a phone, a phone for an id, a wrong key, no key.
  expect((await call('/v1/clients', KEY, { phone: `+${PHONES[0]}`, timezone: 'UTC' })).status).toBe(409);
  expect(
    (await call('/v1/clients', OTHER_KEY, { phone: `+${PHONES[0]}`, timezone: 'UTC', colour: PHONES[0] }))
      .status,
  ).toBe(400);
  expect((await call(`/v1/clients/${PHONES[1]}`, KEY)).status).toBe(404);
  expect((await call(`/v1/clients/+${PHONES[1]}`, KEY)).status).toBe(400);
  expect((await call(`/v1/clients?phone=${PHONES[2]}`, `${KEY}x`)).status).toBe(401);
  expect((await call(`/v1/clients?phone=${PHONES[2]}`)).status).toBe(401);

  const database = new Client({ connectionString: databaseUrl(service, folder) });
  await database.connect();
  try {
    // A database that is in trouble with a value says so to whoever made the statement, in several ways.
    for (const [sql, values] of [
      [
        'INSERT INTO clients (phone, timezone) SELECT phone, timezone FROM clients WHERE phone = $1',
        [PHONES[3]],
      ],
      ['SELECT $1::bigint', [`+7 ${PHONES[4]}`]],
      [`SELECT '${PHONES[5]}x'::bigint`, []],
    ] as const) {
      await expect(database.query(sql, [...values])).rejects.toThrow(/duplicate|invalid input/);
    }
    await database.query(`
      CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN RAISE 'no room for %', NEW.phone USING DETAIL = 'Key (phone)=(' || NEW.phone || ')'; END $$;
      CREATE TRIGGER refuse BEFORE UPDATE ON clients FOR EACH ROW EXECUTE FUNCTION refuse()`);
    const refused = await call('/v1/clients/1', KEY, { tags: ['a'] }, 'PATCH');
    expect(refused.status).toBe(500);

    const now = Date.now();
    const made = await call('/v1/mailings', KEY, {
      text: 'Hello',
      startAt: new Date(now).toISOString(),
      endAt: new Date(now + 3_600_000).toISOString(),
    });
    expect(made.status).toBe(201);
    const stored = () =>
      database
        .query<{ words: string }>(
          `SELECT last_error AS words FROM messages UNION ALL SELECT error FROM attempts
           UNION ALL SELECT reason FROM providers`,
        )
        .then(({ rows }) => rows.flatMap(({ words }) => words ?? []));
    await until('the provider has quoted each of its ways', () => provider.received.length >= 12, 60_000);
    await until(
      'attempts and a breaker with their reasons',
      async () => {
        const open = await database.query(
          `SELECT FROM providers WHERE breaker <> 'closed' AND reason IS NOT NULL`,
        );
        return open.rowCount === 1 && (await stored()).length > 2;
      },
      60_000,
    );

    const words = await stored();
    expect(words.flatMap(toldBy)).toEqual([]);
    expect(words.join('\n')).toContain('[phone]');
    const open = [
      await call('/health'),
      await call('/health', `${KEY}x`),
      await call('/metrics'),
      await call(`${dispatcher}/health`),
      await call(`${dispatcher}/metrics`),
      await call('/nowhere'),
      await call('/v1/clients'),
    ];
    for (const { text } of open) expect(toldBy(text)).toEqual([]);
    for (const { text } of [open[0]!, open[1]!, open[3]!])
      expect(text).not.toMatch(/127\.0\.0\.1|"pid"|HTTP \d/);
    const withKey = [
      await call('/health', KEY),
      await call(`${dispatcher}/health`, KEY),
      await call('/v1/providers', KEY),
      refused,
    ];
    for (const { text } of withKey) expect(toldBy(text)).toEqual([]);
    expect(withKey[0]!.text).toContain('"pid"');
    expect(withKey[1]!.text).toContain('"pid"');
    // The phone stands in its own field for whoever asks with a key, and nowhere else.
    const { items } = JSON.parse((await call('/v1/mailings/1/messages', KEY)).text) as {
      items: { id: number }[];
    };
    for (const { id } of items) {
      const { phone, ...others } = JSON.parse((await call(`/v1/messages/${id}`, KEY)).text);
      expect(PHONES).toContain(phone);
      expect(toldBy(JSON.stringify(others))).toEqual([]);
    }
  } finally {
    await database.end();
  }

  const servers = processesOn(folder).filter(({ command }) => !command.includes('main.js'));
  expect(servers.length).toBeGreaterThanOrEqual(2);
  for (const { pid } of servers) {
    const environment = readFileSync(`/proc/${pid}/environ`, 'utf8');
    expect(toldBy(environment)).toEqual([]);
    expect(environment).not.toMatch(/API_KEYS|PROVIDER_TOKEN/);
  }
  const environOf = (name: 'api' | 'dispatcher') =>
    readFileSync(`/proc/${service.pidOf(name)}/environ`, 'utf8');
  expect(environOf('api')).not.toContain(TOKEN);
  expect(environOf('dispatcher')).toContain(TOKEN);

  expect(await service.stop()).toBe(0);
  await provider.stop();
  const logs = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /\.log(\.1)?$/.test(name),
  );
  expect(logs.toSorted()).toEqual(['logs/ems.log', 'nats/nats-server.log', 'postgres/postgres.log']);
  for (const name of logs)
    expect([name, toldBy(readFileSync(join(folder, name), 'utf8'))]).toEqual([name, []]);
  expect(toldBy(service.output)).toEqual([]);
  for (const name of logs.filter((log) => !log.startsWith('logs/'))) {
    expect([name, statSync(join(folder, name)).mode & 0o777]).toEqual([name, 0o600]);
  }
  const lines = readFileSync(join(folder, 'logs/ems.log'), 'utf8');
  expect(lines).toMatch(/"keyName":"named".*"code":201/);
  expect(lines).toMatch(/"keyName":"key-[\da-f]{6}","address":"127\.0\.0\.1".*"code":400/);
  expect(lines).toMatch(/"address":"127\.0\.0\.1".*"code":401/);
});

/** With the password, which the overview leaves out. */
function databaseUrl(service: StartedService, folder: string): string {
  const url = new URL(service.address('Postgres'));
  url.password = readFileSync(join(folder, 'postgres', 'password'), 'utf8').trim();
  return url.href;
}
