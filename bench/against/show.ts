import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { markdownTable } from '../../test/support/markdown-table.js';
import { type Finding, inTurn } from '../finding.js';
import { comparisonsOf, LEAST, type Pair } from './comparison.js';
import { EarlierTree } from './earlier-tree.js';

const run = promisify(execFile);
const PAIRS = 5;
const MOST_OUTPUT = 16 * 1_048_576;

const figure = (value: number) => value.toLocaleString('en', { maximumFractionDigits: value < 100 ? 2 : 0 });

/** What a row finds in a built tree, in a process of its own. A bar that does not hold there is no failure here. */
async function measure(row: string, tree: string): Promise<Finding[]> {
  const words = ['dist/bench/main.js', '--row', row, '--json'];
  const { stdout } = await run(process.execPath, words, { cwd: tree, maxBuffer: MOST_OUTPUT }).catch(
    (error: Error & { code?: unknown; stdout?: string; stderr?: string }) => {
      if (error.code === 1 && error.stdout !== undefined) return { stdout: error.stdout };
      throw new Error(`${row} in ${tree}: ${error.stderr ?? error.message}`);
    },
  );
  // The findings are one array that begins on a line of its own.
  const findings = JSON.parse(stdout.slice(stdout.search(/^\[/m))) as Finding[];
  if (findings.length === 0) throw new Error(`${row} could not be measured in ${tree}`);
  return findings;
}

/** Measures rows as they are and as they were at `revision`, in turn; returns how many lines became slower. */
export async function showAgainst(
  print: (line: string) => void,
  revision: string,
  rows: readonly string[],
): Promise<number> {
  print(`building ${revision}`);
  const earlier = await EarlierTree.of(revision, process.cwd());
  const leave = () => {
    earlier.removeNow();
    process.exit(130);
  };
  process.once('SIGINT', leave).once('SIGTERM', leave);
  const columns = ['row', 'what', 'now', 'before', 'speed now to before', 'spread', `≥ ${LEAST} ×`];
  const lines: string[][] = [];
  let slower = 0;
  try {
    for (const row of rows) {
      const sides = await inTurn<Finding[]>(
        PAIRS,
        () => measure(row, process.cwd()),
        () => measure(row, earlier.path),
      );
      const pairs = sides.ours.map((now, nth): Pair => ({ now, before: sides.reference[nth] ?? [] }));
      for (const { what, now, before, ratio, spread, holds } of comparisonsOf(pairs)) {
        if (!holds) slower += 1;
        const [lowest, highest] = spread;
        const verdict = holds ? 'yes' : 'no';
        lines.push([
          row,
          what,
          figure(now),
          figure(before),
          figure(ratio),
          `${figure(lowest)}–${figure(highest)}`,
          verdict,
        ]);
        print(lines.at(-1)?.join(' | ') ?? '');
      }
    }
  } finally {
    await earlier.remove();
  }
  print(`\n${markdownTable(columns, lines)}\n`);
  print(`against ${revision}: ${lines.length - slower} keep their speed, ${slower} do not`);
  return slower;
}
