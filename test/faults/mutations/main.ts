import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { invariants, type Invariant } from '../invariant.js';
import { renewTable } from '../../support/report-page.js';
import { markdownTable } from '../../support/markdown-table.js';
import type { Result } from '../scenario-run.js';
import { mutations, type Mutation } from './list.js';
import { MutatedCopy } from './mutated-copy.js';

/** Characters of a table's cell. */
const MOST_FIGURES = 60;

const print = (line: string) => process.stdout.write(`${line}\n`);

/** What broke when the mutated service played the scenario. */
async function play({ scenario, edits }: Mutation, seed: string): Promise<Result['breaches']> {
  const copy = await MutatedCopy.of(edits);
  const json = join(copy.path, 'result.json');
  try {
    const suite = spawn(
      process.execPath,
      ['dist/test/faults/main.js', '--seed', seed, '--only', scenario, '--json', json],
      { cwd: copy.path, stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const output: Buffer[] = [];
    suite.stdout.on('data', (chunk: Buffer) => output.push(chunk));
    const [code] = (await once(suite, 'close')) as [number | null];
    if (code !== 0 && code !== 1)
      throw new Error(`It ended with ${code}:\n${Buffer.concat(output).toString()}`);
    const [result] = JSON.parse(await readFile(json, 'utf8')) as Result[];
    return result?.breaches ?? [];
  } finally {
    await copy.remove();
  }
}

function caught(mutation: Mutation, broken: readonly Invariant[]): Invariant[] {
  return mutation.caughtBy.filter((invariant) => broken.includes(invariant));
}

const { values } = parseArgs({
  options: { seed: { type: 'string', default: '1' }, only: { type: 'string' }, page: { type: 'string' } },
});
const rows: string[][] = [];
let escaped = 0;
for (const mutation of mutations) {
  if (values.only !== undefined && !mutation.guard.includes(values.only)) continue;
  const breaches = await play(mutation, values.seed);
  const by = caught(mutation, [...new Set(breaches.map(({ invariant }) => invariant))]);
  const [figures = ''] = breaches.filter(({ invariant }) => by.includes(invariant)).map((one) => one.figures);
  if (by.length === 0) escaped += 1;
  print(`${by.length > 0 ? 'caught ' : 'ESCAPED'} ${mutation.guard}`);
  for (const { invariant, figures } of breaches)
    print(`  ${invariant} (${invariants[invariant]}): ${figures}`);
  rows.push([
    mutation.guard,
    mutation.together ?? '',
    mutation.scenario,
    by.length > 0 ? by.map((invariant) => `\`${invariant}\``).join(', ') : 'nothing',
    figures.length > MOST_FIGURES ? `${figures.slice(0, MOST_FIGURES)}…` : figures,
  ]);
}
const table = markdownTable(['removed', 'together with', 'played', 'caught by', 'figures'], rows);
print(`\n${table}\n`);
if (values.page !== undefined) await renewTable(values.page, 'mutations', table);
print(`mutations: ${rows.length - escaped} caught, ${escaped} escaped`);
process.exit(escaped === 0 ? 0 : 1);
