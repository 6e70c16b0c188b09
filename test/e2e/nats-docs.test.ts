import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { codeBlocks, root, sources, textOf } from '../support/documents.js';
import { NatsClient } from '../support/nats-client.js';
import { until } from '../support/until.js';
import { World } from '../support/world.js';

const page = textOf('docs/nats.md');
const run = promisify(execFile);

let world: World;
let nats: NatsClient;
beforeAll(async () => {
  world = await World.start({ dispatchers: 0 });
  nats = await NatsClient.connect(world.natsUrl);
  await until(
    'requests are answered',
    async () => (await nats.request('ems.statistics.get')).body.total === 0,
  );
});
afterAll(async () => {
  await nats.close();
  await world.end();
});

test('the table names the subjects that are answered, all of them', () => {
  const documented = [...page.matchAll(/^\| `(ems\.\w+\.\w+)` +\|/gm)].map(([, subject]) => subject);
  const answered = sources('apps/api').flatMap(({ text }) =>
    [...text.matchAll(/@MessagePattern\('([^']+)'\)/g)].map(([, subject]) => subject),
  );
  expect(new Set(documented)).toEqual(new Set(answered));
  expect(documented.length).toBeGreaterThan(10);
});

test('the JavaScript example does what it says', async () => {
  const example = codeBlocks(page).find(({ language }) => language === 'js')?.text ?? '';
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', example], {
    cwd: root,
    env: { NATS_URL: world.natsUrl },
  });
  expect(stdout).toMatch(/mailingId: 1,\s+total: 0,/);
});

test('the nats command is shown with payloads that are valid', async () => {
  const shell = codeBlocks(page)
    .filter(({ language }) => language === 'sh')
    .map(({ text }) => text)
    .join('\n');
  const calls = [...shell.matchAll(/^nats request(?: -H (\S+))? (\S+) '(.*)'$/gm)];
  expect(calls).toHaveLength(2);
  for (const [, , subject = '', payload = ''] of calls) {
    const { errorCode } = await nats.send(subject, payload);
    expect([undefined, '404'], payload).toContain(errorCode);
  }
});

test('the problem that is shown is the one that is given', async () => {
  const shown = JSON.parse(codeBlocks(page).find(({ language }) => language === 'json')?.text ?? '');
  const { body } = await nats.request(
    'ems.clients.create',
    { phone: '+79001234568', timezone: 'Mars/Base' },
    shown.requestId,
  );
  expect(body).toEqual(shown);
});
