import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { z } from 'zod';
import { startSimulator } from '../../apps/simulator/simulator.js';
import type { ApiRequests } from '../../apps/standalone/api-requests.js';
import { demoClients } from '../../apps/standalone/demo-clients.js';
import { SimulatorClient } from '../simulator/simulator-client.js';
import { aDataFolder, processesOn, StartedService } from './started-service.js';

const patience = { timeout: 60_000, interval: 50 };

describe('npm start', { timeout: 180_000 }, () => {
  it('sends the demo, stops cleanly, keeps the data for the next time, and lets nobody else at it', async () => {
    const folder = await aDataFolder();
    const first = await new StartedService(folder, { EMS_DEMO: 'on', DISPATCHERS: '2' }).isUp();
    await first.prints(/Mailing 1 is completed\./);
    const simulator = new SimulatorClient(Number(new URL(first.address('Simulator')).port));
    const summary = await simulator.summary();
    expect(summary).toMatchObject({ requests: 1_000, distinctAccepted: 1_000, duplicates: 0 });
    expect(first.output).toContain('[##############################] 1,000 of 1,000 (sent 1,000)');
    for (const page of ['/docs', '/docs-json', '/metrics', '/health/live']) {
      const answer = await fetch(`${first.address('API').replace('/v1', '')}${page}`);
      expect(`${page} ${answer.status}`).toBe(`${page} 200`);
    }
    expect(await first.stop()).toBe(0);
    const stops = [...first.output.matchAll(/stopping ([\w-]+)$/gm)].map((found) => found[1]);
    // The dispatchers stop beside each other.
    expect(new Set(stops.slice(0, 2))).toEqual(new Set(['dispatcher-1', 'dispatcher-2']));
    expect(stops.slice(2)).toEqual(['api', 'simulator', 'nats', 'postgres']);
    expect(processesOn(folder)).toEqual([]);

    const second = await new StartedService(folder, { EMS_DEMO: 'on' }).isUp();
    expect(await second.api.get('/v1/mailings/1/statistics')).toMatchObject({
      total: 1_000,
      byStatus: { sent: 1_000, pending: 0 },
    });
    expect(second.address('Data')).toBe(folder);
    const third = new StartedService(folder);
    expect(await third.exited).toBe(1);
    expect(third.output).toContain(`${folder} is in use by process`);
    expect(await second.api.get('/v1/mailings')).toMatchObject({ items: [{ id: 1, status: 'completed' }] });
    expect(await second.stop()).toBe(0);
    expect(second.output).not.toContain('Demo:');
    expect(await logLines(folder, 'mailingId=1')).not.toEqual([]);
  });

  it('survives kill -9: the next start stops what was left and the mailing completes, nothing twice', async () => {
    const folder = await aDataFolder();
    const provider = await aProvider({ latencyMs: 300 });
    const first = await new StartedService(folder, provider.settings).isUp();
    const mailing = await aMailing(first.api);
    await provider.received(100);
    const children = processesOn(folder);
    first.signal('SIGKILL');
    await first.exited;
    const second = await new StartedService(folder, provider.settings).isUp();
    const survivors = children.filter(({ pid }) =>
      processesOn(folder).some((running) => running.pid === pid),
    );
    await provider.control.behave({});
    await isCompleted(second.api, mailing);

    expect(children.map(kindOf).toSorted()).toEqual(['api', 'dispatcher', 'nats', 'postgres']);
    expect(survivors).toEqual([]);
    expect(await provider.control.summary()).toMatchObject({ distinctAccepted: 1_000, duplicates: 0 });
    expect(await second.stop()).toBe(0);
    expect(processesOn(folder)).toEqual([]);
  });

  it('starts a child that died again and says so; the mailing completes', async () => {
    const folder = await aDataFolder();
    const provider = await aProvider({ latencyMs: 100 });
    const service = await new StartedService(folder, provider.settings).isUp();
    const mailing = await aMailing(service.api);
    await provider.received(50);
    const killed = { api: service.pidOf('api'), dispatcher: service.pidOf('dispatcher') };
    process.kill(killed.api, 'SIGKILL');
    process.kill(killed.dispatcher, 'SIGKILL');
    for (const kind of ['nats', 'postgres']) {
      process.kill(processesOn(folder).find((process) => kindOf(process) === kind)!.pid, 'SIGKILL');
    }
    for (const name of ['api', 'dispatcher', 'nats', 'postgres']) {
      await service.prints(
        new RegExp(`${name}: process \\d+ ended .*SIGKILL.*, starting it again in 0.25 s`),
      );
      await service.prints(new RegExp(`${name}: started again as process \\d+`));
    }
    await isCompleted(service.api, mailing);

    expect(service.pidOf('dispatcher')).not.toBe(killed.dispatcher);
    const { distinctAccepted, duplicates } = await provider.control.summary();
    expect(distinctAccepted).toBe(1_000);
    // What the killed dispatcher had been granted and had not recorded: MAX_UNRECORDED by its default.
    expect(duplicates).toBeLessThanOrEqual(256);
    expect(await service.stop()).toBe(0);
  });

  it('runs several dispatchers that share the work, each by its name, and the next start fewer', async () => {
    const folder = await aDataFolder();
    const provider = await aProvider({ latencyMs: 100 });
    // One lane each: neither can take both of the mailing's batches.
    const one = { DISPATCHER_LANES: '1', PROVIDER_CONCURRENCY: '8' };
    const settings = { ...provider.settings, ...one, DISPATCHERS: '2' };
    const service = await new StartedService(folder, settings).isUp();
    const [, ...dispatchers] = /Metrics +(.*)$/m.exec(service.output)?.[1]?.split(' and ') ?? [];
    const mailing = await aMailing(service.api);
    await vi.waitFor(async () => {
      expect(await service.api.get('/health')).toMatchObject({ details: { dispatchers: { count: 2 } } });
      for (const url of dispatchers) expect(await sentBy(url)).toBeGreaterThan(0);
    }, patience);
    const killed = service.pidOf('dispatcher-2');
    process.kill(killed, 'SIGKILL');
    await service.prints(/dispatcher-2: started again as process \d+/);
    await isCompleted(service.api, mailing);

    expect(dispatchers).toHaveLength(2);
    expect(service.pidOf('dispatcher-2')).not.toBe(killed);
    service.signal('SIGKILL');
    await service.exited;
    const lines = await logLines(folder, `mailingId=${mailing}`);
    for (const name of ['dispatcher-1', 'dispatcher-2']) {
      expect(lines.some((line) => line.includes(name))).toBe(true);
    }
    const next = await new StartedService(folder, provider.settings).isUp();
    expect(processesOn(folder).filter((process) => kindOf(process) === 'dispatcher')).toHaveLength(1);
    expect(await next.stop()).toBe(0);
    expect(processesOn(folder)).toEqual([]);
  });

  it('that is stopped while it starts tells of nothing more that runs, and leaves nothing', async () => {
    const folder = await aDataFolder();
    const service = new StartedService(folder, { DISPATCHERS: '2' });
    await service.prints(/api is running/);
    service.signal('SIGINT');

    expect(await service.exited).toBe(0);
    const [, afterwards] = service.output.split('SIGINT: stopping');
    expect(afterwards).toMatch(/stopping api\n[^]*stopping postgres\n/);
    expect(afterwards).not.toMatch(/is running|started|Health|Ctrl-C/);
    expect(processesOn(folder)).toEqual([]);
  });

  it('says where the password of its own Postgres is, and prints none', async () => {
    const first = await new StartedService(await aDataFolder()).isUp();
    const file = /^ *Postgres +\S+ +its password is in (.+)$/m.exec(first.output)?.[1] ?? '';
    const address = new URL(first.address('Postgres'));
    address.password = (await readFile(file, 'utf8')).trim();
    const second = await new StartedService(await aDataFolder(), { DATABASE_URL: address.href }).isUp();
    await first.api.post('/v1/clients', { phone: '+79001234567', timezone: 'UTC' });

    expect(await second.api.get('/v1/clients')).toMatchObject({ items: [{ id: 1 }] });
    expect(second.output).not.toContain('its password');
    for (const { output } of [first, second]) expect(output).not.toContain(address.password);
  });

  it('names a port that is in use, and starts nothing', async () => {
    const folder = await aDataFolder();
    const port = await aBusyPort();
    const service = new StartedService(folder, { PORT: String(port) });

    expect(await service.exited).toBe(1);
    expect(service.output).toMatch(
      new RegExp(`^PORT=${port} is in use by another program on 127\\.0\\.0\\.1: `, 'm'),
    );
    expect(processesOn(folder)).toEqual([]);
  });

  it.each([
    [{ HOST: '0.0.0.0' }, /HOST=0\.0\.0\.0 would open the API to the network without a key/],
    [{ PROVIDER_URL: 'http://127.0.0.1:9/' }, /PROVIDER_TOKEN is not set/],
    [{ PROVIDER_TOKEN: 'a b' }, /^PROVIDER_TOKEN: must be printable ASCII without spaces\.$/m],
    [
      { SIMULATOR_HOST: 'a:1' },
      /^SIMULATOR_HOST: must be an IP address or a host name, and nothing else\.$/m,
    ],
    [{ DISPATCHERS: '0' }, /DISPATCHERS: must be a whole number from 1 to 16\./],
    [{ EMS_DEMO: 'maybe' }, /EMS_DEMO: must be one of on, off\./],
    [{ LEASE_MS: 'long' }, /LEASE_MS: must be a whole number from 1000 to 600000\./],
    [
      { DATABASE_URL: 'postgres://a:b@127.0.0.1:9/c' },
      /^DATABASE_URL=postgres:\/\/a@127\.0\.0\.1:9\/c cannot be .*ECONNREFUSED/m,
    ],
  ])('refuses %j with a sentence, and starts nothing', async (settings, sentence) => {
    const folder = await aDataFolder();
    const service = new StartedService(folder, settings);

    expect(await service.exited).toBe(1);
    expect(service.output).toMatch(sentence);
    expect(service.output).not.toContain('    at ');
    expect(service.output).not.toContain('postgres is running');
    expect(processesOn(folder)).toEqual([]);
  });
});

/** A provider that outlives the service, with a record of all it was sent. */
async function aProvider(behaviour: object) {
  const token = 'a-token-of-the-tests';
  const simulator = await startSimulator({ host: '127.0.0.1', port: 0, controlPort: 0, token });
  onTestFinished(() => simulator.stop());
  const control = new SimulatorClient(simulator.controlPort);
  await control.behave(behaviour);
  return {
    control,
    settings: {
      PROVIDER_URL: `http://127.0.0.1:${simulator.port}`,
      PROVIDER_TOKEN: token,
      // An answer that was cut off is asked for again soon, and an owner that was killed is succeeded soon.
      LEASE_MS: '5000',
      PROVIDER_TIMEOUT_MS: '2000',
      OWNER_SILENCE_MS: '2000',
    },
    received: (count: number) =>
      vi.waitFor(async () => expect((await control.summary()).accepted).toBeGreaterThan(count), patience),
  };
}

/** 1,000 clients and a mailing to all of them. */
async function aMailing(api: ApiRequests): Promise<number> {
  await api.post('/v1/clients/batch', { items: demoClients() });
  const now = Date.now();
  const mailing = await api.post('/v1/mailings', {
    text: 'Hello',
    startAt: new Date(now).toISOString(),
    endAt: new Date(now + 3_600_000).toISOString(),
  });
  return z.object({ id: z.number() }).parse(mailing).id;
}

/** Messages that were accepted from a dispatcher, by its own count. */
async function sentBy(metricsUrl: string): Promise<number> {
  const text = await (await fetch(metricsUrl)).text();
  return Number(/^ems_attempts_total\{.*outcome="accepted".*\} (\d+)/m.exec(text)?.[1] ?? 0);
}

async function isCompleted(api: ApiRequests, id: number): Promise<void> {
  await vi.waitFor(async () => {
    expect(await api.get(`/v1/mailings/${id}`)).toMatchObject({ status: 'completed' });
  }, patience);
  expect(await api.get(`/v1/mailings/${id}/statistics`)).toMatchObject({ byStatus: { sent: 1_000 } });
}

function kindOf({ command }: { command: string }): string {
  return (
    /apps\/(\w+)\/main\.js/.exec(command)?.[1] ?? (command.includes('nats-server') ? 'nats' : 'postgres')
  );
}

async function aBusyPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  return typeof address === 'object' ? address!.port : 0;
}

async function logLines(dataDir: string, term: string): Promise<string[]> {
  const child = spawn(process.execPath, ['dist/apps/standalone/logs.js', term], {
    env: { ...process.env, EMS_DATA_DIR: dataDir },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let text = '';
  child.stdout.on('data', (part: Buffer) => (text += part.toString()));
  await new Promise((resolve) => child.once('close', resolve));
  return text.split('\n').filter((line) => line !== '');
}
