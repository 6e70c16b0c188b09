import { describe, expect, it } from 'vitest';
import { secretSettings, settings } from '#libs/config';
import {
  anchors,
  codeBlocks,
  codeSpans,
  documents,
  exists,
  relativeLinks,
  sources,
  tableRows,
  textOf,
} from '../../support/documents.js';

const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Record<string, string> };
const pages = documents.map((path) => ({ path, text: textOf(path) }));
const code = sources('apps', 'libs', 'migrations');

/** `npm run x`, and the four that need no "run". */
function npmScripts(text: string): string[] {
  const run = [...text.matchAll(/\bnpm run ([\w:]+)/g)].map(([, name = '']) => name);
  const short = [...text.matchAll(/\bnpm (start|test)\b/g)].map(([, name = '']) => name);
  return [...run, ...short];
}

/** What looks like a path of the repository, between backticks or at the beginning of a line of a text block. */
function repositoryPaths(text: string): string[] {
  const listed = codeBlocks(text)
    .filter(({ language }) => language === 'text')
    .flatMap((block) => block.text.split('\n').map((line) => line.split(' ')[0] ?? ''));
  const isPath = /^(?:(?:apps|libs|test|docs|\.ci)(?:\/[\w.-]+)+|migrations(?:\/[\w.-]+)*)\/?$/;
  return [...codeSpans(text), ...listed].filter((span) => isPath.test(span));
}

/** Paths of documents that the sources refer to. */
const mentionedDocuments = code.flatMap(({ path, text }) =>
  [...text.matchAll(/\bdocs\/[\w/-]+\.md\b/g)].map(([document]) => ({ path, document })),
);

describe.for(pages)('$path', ({ path, text }) => {
  it('links to what is there', () => {
    const broken = relativeLinks(path).filter(
      ({ path: to, anchor }) =>
        !exists(to) || (anchor !== undefined && !anchors(textOf(to)).includes(anchor)),
    );
    expect(broken).toEqual([]);
  });

  it('names scripts that package.json has', () => {
    expect(npmScripts(text).filter((name) => !(name in scripts))).toEqual([]);
  });

  it('names files and folders that are there', () => {
    expect(repositoryPaths(text).filter((name) => !exists(name))).toEqual([]);
  });

  it('writes in capitals only what is a setting, or a name in the code', () => {
    const known = new Set([...Object.keys(settings), ...secretSettings.map((name) => `${name}_FILE`)]);
    const capitals = codeSpans(text).filter((span) => /^[A-Z]+(?:_[A-Z]+)+$/.test(span));
    const unknown = capitals.filter((name) => !known.has(name));
    expect(unknown.filter((name) => !code.some((file) => file.text.includes(`'${name}'`)))).toEqual([]);
  });
});

describe('the documents together', () => {
  it('are as many, and say as much, as these tests take them for', () => {
    expect(pages.length).toBeGreaterThan(10);
    expect(pages.flatMap(({ path }) => relativeLinks(path)).length).toBeGreaterThan(20);
    expect(pages.flatMap(({ text }) => npmScripts(text)).length).toBeGreaterThan(20);
    expect(pages.flatMap(({ text }) => repositoryPaths(text)).length).toBeGreaterThan(60);
  });

  it('include each one that a comment in the code refers to', () => {
    expect(mentionedDocuments.filter(({ document }) => !exists(document))).toEqual([]);
  });

  it('include each decision in something that people come across', () => {
    const linked = new Set(pages.flatMap(({ path }) => relativeLinks(path).map((link) => link.path)));
    expect(linked).toContain('docs/decisions');
    expect(documents.filter((path) => !path.startsWith('docs/decisions/') && !linked.has(path))).toEqual([
      'README.md',
    ]);
  });
});

describe('README.md', () => {
  const readme = textOf('README.md');
  const shell = codeBlocks(readme)
    .filter(({ language }) => language === 'sh')
    .map(({ text }) => text.trim());

  it('has 120 lines at most', () => {
    expect(readme.trimEnd().split('\n').length).toBeLessThanOrEqual(120);
  });

  it('has the two commands, each complete on a fresh clone', () => {
    expect(shell).toContain('npm ci && npm start');
    expect(shell).toContain('npm ci && npm test');
    expect(scripts).toMatchObject({ prestart: 'npm run build', pretest: 'npm run build' });
  });

  it('lists every application and library', () => {
    const folders = new Set(sources('apps', 'libs').map(({ path }) => path.split('/').slice(0, 2).join('/')));
    const listed = repositoryPaths(readme);
    expect([...folders].filter((folder) => !listed.includes(folder))).toEqual([]);
  });
});

describe('docs/operations', () => {
  const folder = 'docs/operations/';
  const index = `${folder}index.md`;

  it('is found from the README, and has each of its pages in the table of questions once', () => {
    expect(relativeLinks('README.md').map(({ path }) => path)).toContain(index);
    const found = tableRows(textOf(index), 'question').map(
      ({ page = '' }) => /^\[[^\]]+\]\(([^)]+)\)$/.exec(page)?.[1],
    );
    const pagesThere = documents.filter((path) => path.startsWith(folder) && path !== index);
    expect(pagesThere.length).toBeGreaterThan(8);
    expect(found.map((name) => `${folder}${name}`).toSorted()).toEqual(pagesThere);
  });

  it('has every metric of ours, and no other', () => {
    const named = tableRows(textOf(`${folder}metrics-and-alarms.md`), 'metric').map(({ metric = '' }) =>
      metric.replaceAll('`', ''),
    );
    const registered = sources('libs/telemetry').flatMap(({ text }) =>
      [...text.matchAll(/'(ems_[a-z_]+)'/g)].map(([, name = '']) => name),
    );
    expect(registered.length).toBeGreaterThan(10);
    expect(named.toSorted()).toEqual(registered.toSorted());
  });

  it('has every part of health, and no other', () => {
    const named = tableRows(textOf(`${folder}is-it-healthy.md`), 'part of `GET /health`').map((row) =>
      (row['part of `GET /health`'] ?? '').replaceAll('`', ''),
    );
    const looked = sources('libs/health', 'libs/queue', 'apps/dispatcher/health').flatMap(({ text }) => [
      ...[...text.matchAll(/^ +name: '(\w+)',\n +essential:/gm)].map(([, name = '']) => name),
      ...[...text.matchAll(/reachabilityCheck\('(\w+)'/g)].map(([, name = '']) => name),
    ]);
    expect(looked.length).toBeGreaterThan(6);
    expect(named.toSorted()).toEqual(looked.toSorted());
  });
});
