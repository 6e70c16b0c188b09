import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import {
  loadApiConfig,
  loadDatabaseUrl,
  loadDispatcherConfig,
  loadSimulatorConfig,
  settings,
  type Environment,
} from '#libs/config';
import { exists, textOf } from '../../support/documents.js';
import { healthProbe } from '../../support/health-probe.js';

interface Service {
  image: string;
  build?: string;
  command?: string[];
  environment?: Record<string, string>;
  ports?: string[];
  volumes?: string[];
  restart?: string;
  stop_grace_period?: string;
  deploy?: { replicas: number };
  healthcheck?: { test?: string[]; disable?: boolean };
  depends_on?: Record<string, { condition: string }>;
}

const text = textOf('docker-compose.yml');
const compose = parse(text, { merge: true, strict: true }) as {
  services: Record<string, Service>;
  volumes: Record<string, null>;
};
const { postgres, nats, migrate, api, dispatcher, simulator } = compose.services as Record<
  'postgres' | 'nats' | 'migrate' | 'api' | 'dispatcher' | 'simulator',
  Service
>;

/** Ours, with what reads the settings of each. */
const programs = [
  { name: 'migrate', service: migrate, load: loadDatabaseUrl },
  { name: 'api', service: api, load: loadApiConfig },
  { name: 'dispatcher', service: dispatcher, load: loadDispatcherConfig },
  { name: 'simulator', service: simulator, load: loadSimulatorConfig },
];

/** What compose puts in place of `${NAME:-default}` and `${NAME:?sentence}` when only the latter are set. */
function environmentOf({ environment = {} }: Service): Environment {
  return Object.fromEntries(
    Object.entries(environment).map(([name, value]) => [
      name,
      value
        .replaceAll(/\$\{\w+:-([^}]*)\}/g, '$1')
        .replaceAll(/\$\{\w+:\?[^}]*\}/g, 'a-key-of-16-characters-or-more'),
    ]),
  );
}

/** The port of a service's setting. */
const portOf = (service: Service, setting: string) => Number(service.environment?.[setting]);

const seconds = (duration: string | undefined) => Number(/^(\d+)s$/.exec(duration ?? '')?.[1]);

describe('docker-compose.yml', () => {
  it('has Postgres, NATS, the migrations, the API, two dispatchers and the simulator', () => {
    expect(Object.keys(compose.services).toSorted()).toEqual([
      'api',
      'dispatcher',
      'migrate',
      'nats',
      'postgres',
      'simulator',
    ]);
    expect(dispatcher.deploy?.replicas).toBe(2);
    expect(dispatcher.ports, 'two of them can not have one port of the host').toBeUndefined();
  });

  it('runs one image, which it builds, in every container of ours', () => {
    const images = programs.map(({ service: { image, build } }) => ({ image, build }));
    expect(new Set(images.map((one) => JSON.stringify(one))).size).toBe(1);
    expect(images[0]?.build).toBe('.');
  });

  it.for(programs)('gives $name a command that the build produces', ({ service }) => {
    const [node, script = '', ...more] = service.command ?? [];
    expect([node, more]).toEqual(['node', []]);
    expect(script).toMatch(/^dist\/(apps|migrations)\/.+\.js$/);
    expect(exists(script.replace(/^dist\//, '').replace(/\.js$/, '.ts'))).toBe(true);
  });

  it.for(programs)('gives $name settings with which it starts, and none that it does not read', (program) => {
    const given = environmentOf(program.service);
    const read = new Set<string>();
    const recording = new Proxy(given, {
      get(target, name) {
        read.add(String(name));
        return target[String(name)];
      },
    });
    expect(() => program.load(recording)).not.toThrow();
    expect(Object.keys(given).filter((name) => !read.has(name))).toEqual([]);
  });

  it('asks for settings by their names only', () => {
    const asked = [...text.matchAll(/\$\{(\w+)/g)].map(([, name = '']) => name);
    expect(asked.length).toBeGreaterThan(0);
    expect(asked.filter((name) => !(name in settings))).toEqual([]);
  });

  it('does not start the API without a key', () => {
    expect(api.environment?.['API_KEYS']).toMatch(/^\$\{API_KEYS:\?.+\}$/);
    expect(() => loadApiConfig({ ...environmentOf(api), API_KEYS: '' })).toThrow('API_KEYS');
  });

  it('leads every address to a service that listens there', () => {
    const listening = new Map([
      ['postgres', 5432],
      ['nats', 4222],
      ['simulator', portOf(simulator, 'SIMULATOR_PORT')],
    ]);
    const addresses = programs.flatMap(({ service }) =>
      Object.values(environmentOf(service)).filter((value) => value?.includes('://') === true),
    );
    expect(addresses.length).toBeGreaterThan(4);
    for (const address of addresses) {
      const { hostname, port } = new URL(String(address));
      expect(`${hostname}:${port}`).toBe(`${hostname}:${listening.get(hostname)}`);
    }
  });

  it('logs in to Postgres as the user, and to the database, that it creates', () => {
    const { username, password, pathname } = new URL(String(api.environment?.['DATABASE_URL']));
    expect(postgres.environment).toEqual({
      POSTGRES_USER: username,
      POSTGRES_PASSWORD: password,
      POSTGRES_DB: pathname.slice(1),
    });
  });

  it('lets servers be reached from other containers', () => {
    expect(api.environment?.['HOST']).toBe('0.0.0.0');
    expect(dispatcher.environment?.['DISPATCHER_HOST']).toBe('0.0.0.0');
    expect(simulator.environment?.['SIMULATOR_HOST']).toBe('0.0.0.0');
  });

  it('opens on the host, on loopback, the ports that are listened on', () => {
    const opened = Object.values(compose.services).flatMap(({ ports = [] }) => ports);
    const expected = [portOf(api, 'PORT'), portOf(simulator, 'SIMULATOR_CONTROL_PORT')];
    expect(opened).toEqual(expected.map((port) => `127.0.0.1:${port}:${port}`));
  });

  it('runs Postgres 18 and keeps its data where that version has it', () => {
    expect(postgres.image).toBe('postgres:18');
    expect(postgres.volumes).toEqual(['postgres:/var/lib/postgresql']);
    expect(compose.volumes).toHaveProperty('postgres');
    expect(postgres.healthcheck?.test?.slice(0, 4)).toEqual(['CMD', 'pg_isready', '-h', '127.0.0.1']);
  });

  it('runs NATS 2.12 with JetStream on a volume', () => {
    expect(nats.image).toMatch(/^nats:2\.12(-|$)/);
    const command = nats.command?.join(' ') ?? '';
    expect(command).toMatch(/^nats-server --jetstream /);
    const [, store] = /--store_dir (\S+)/.exec(command) ?? [];
    expect(nats.volumes).toEqual([`nats:${store}`]);
    expect(compose.volumes).toHaveProperty('nats');
  });

  it('asks NATS for its health on the port that it was given for that', () => {
    const [, port] = /--http_port (\d+)/.exec(nats.command?.join(' ') ?? '') ?? [];
    expect(nats.healthcheck?.test?.at(-1)).toBe(`http://127.0.0.1:${port}/healthz?js-enabled-only=true`);
    expect(nats.image, 'the plain image has neither a shell nor wget').toContain('-alpine');
  });

  it('asks each of our servers for its health where it listens', () => {
    const probed = { api, dispatcher, simulator };
    const probes = Object.entries(probed).map(([name, { healthcheck }]) => {
      const [kind, ...command] = healthcheck?.test ?? [];
      const { port, path } = healthProbe(command);
      return { name, kind, port, path };
    });
    expect(probes).toEqual([
      { name: 'api', kind: 'CMD', port: portOf(api, 'PORT'), path: '/health/live' },
      { name: 'dispatcher', kind: 'CMD', port: portOf(dispatcher, 'DISPATCHER_PORT'), path: '/health/live' },
      { name: 'simulator', kind: 'CMD', port: portOf(simulator, 'SIMULATOR_CONTROL_PORT'), path: '/state' },
    ]);
  });

  it('starts everything again that ends, but for the migrations that are done', () => {
    const { migrate: once, ...servers } = compose.services;
    expect(once?.restart).toBe('on-failure');
    for (const [name, { restart }] of Object.entries(servers)) {
      expect(`${name}: ${restart}`).toBe(`${name}: unless-stopped`);
    }
  });

  it('starts the migrations when Postgres is there, and who needs the schema when they are done', () => {
    expect(migrate.depends_on).toEqual({ postgres: { condition: 'service_healthy' } });
    for (const service of [api, dispatcher]) {
      expect(service.depends_on).toEqual({
        migrate: { condition: 'service_completed_successfully' },
        nats: { condition: 'service_started' },
      });
    }
  });

  it('waits longer for a dispatcher to stop than its longest request takes', () => {
    const { provider } = loadDispatcherConfig(environmentOf(dispatcher));
    expect(seconds(dispatcher.stop_grace_period)).toBeGreaterThanOrEqual(2 * (provider.timeoutMs / 1000));
  });
});
