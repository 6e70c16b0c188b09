import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { EarlierTree } from '../../../bench/against/earlier-tree.js';

/** A repository whose service is built by copying a file, with two commits of that file. */
async function aRepository(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'ems-repository-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  const git = (...words: string[]) => execFileSync('git', words, { cwd: root });
  const write = (name: string, text: string) => writeFileSync(join(root, name), text);
  git('init', '-q');
  git('config', 'user.name', 'test');
  git('config', 'user.email', 'test@localhost');
  write('package.json', JSON.stringify({ scripts: { build: 'cp version.txt built.txt' } }));
  write('package-lock.json', '{}');
  for (const version of ['first', 'second']) {
    write('version.txt', version);
    git('add', '-A');
    git('commit', '-q', '-m', version);
  }
  mkdirSync(join(root, 'node_modules'));
  write('node_modules/ours.txt', 'a package');
  return root;
}

test('a revision is built beside the present one, with its packages, and is gone afterwards', async () => {
  const root = await aRepository();
  const tree = await EarlierTree.of('HEAD~1', root);
  expect(readFileSync(join(tree.path, 'built.txt'), 'utf8')).toBe('first');
  expect(readdirSync(join(tree.path, 'node_modules'))).toEqual(['ours.txt']);
  expect(readFileSync(join(root, 'version.txt'), 'utf8')).toBe('second');

  await tree.remove();
  expect(existsSync(tree.path)).toBe(false);
  expect(readdirSync(join(root, 'node_modules'))).toEqual(['ours.txt']);
  const worktrees = execFileSync('git', ['worktree', 'list'], { cwd: root, encoding: 'utf8' });
  expect(worktrees.trim().split('\n')).toHaveLength(1);
});

test('a revision that there is not is refused, and leaves nothing', async () => {
  const root = await aRepository();
  await expect(EarlierTree.of('no-such-revision', root)).rejects.toThrow('no-such-revision');
  const worktrees = execFileSync('git', ['worktree', 'list'], { cwd: root, encoding: 'utf8' });
  expect(worktrees.trim().split('\n')).toHaveLength(1);
});
