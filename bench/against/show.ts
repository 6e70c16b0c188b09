import { markdownTable } from '../../test/support/markdown-table.js';
import { inTurn } from '../finding.js';
import type { Row, Speed } from '../row.js';
import { BenchWorld } from '../world.js';
import { type Comparison, comparisonsOf, LEAST, type Pair } from './comparison.js';
import { EarlierTree } from './earlier-tree.js';

const PAIRS = 5;

/** The worlds of the row that is measured; to be ended, one that is on its way up has to be up first. */
const worlds = new Set<Promise<BenchWorld>>();

const figure = (value: number) => value.toLocaleString('en', { maximumFractionDigits: value < 100 ? 2 : 0 });

function lineOf({ row, what, now, before, ratio, spread, holds }: Comparison): string[] {
  const [lowest, highest] = spread.map(figure);
  const verdict = holds ? 'yes' : 'no';
  return [row, what, figure(now), figure(before), figure(ratio), `${lowest}–${highest}`, verdict];
}

/** A world whose service is that of `tree`, ready to be measured. */
async function worldOf(tree: string, speed: Speed): Promise<BenchWorld> {
  const starting = BenchWorld.start({ tree });
  worlds.add(starting);
  const world = await starting;
  await speed.prepare(world);
  return world;
}

async function endWorlds(): Promise<void> {
  const ended = [...worlds];
  worlds.clear();
  await Promise.all(ended.map(async (world) => (await world).end()));
}

/** What a side measures now. Nothing that it leaves to be written is left for the other to wait for. */
async function figuresOf(world: BenchWorld, speed: Speed): Promise<Record<string, number>> {
  const figures = await speed.measure(world);
  await world.settle();
  return figures;
}

/** Measures both sides in turn, each in a world of its own that stands idle while the other is measured. */
async function pairsOf(speed: Speed, now: string, before: string): Promise<Pair[]> {
  try {
    const present = await worldOf(now, speed);
    const earlier = await worldOf(before, speed);
    const sides = await inTurn(
      PAIRS,
      () => figuresOf(present, speed),
      () => figuresOf(earlier, speed),
    );
    return sides.ours.map((figures, nth) => ({ now: figures, before: sides.reference[nth] ?? {} }));
  } finally {
    await endWorlds();
  }
}

/**
 * Measures rows as they are and as they were at `revision`, by the same yardstick: only the service is the earlier
 * one. Returns how many lines became slower.
 */
export async function showAgainst(
  print: (line: string) => void,
  revision: string,
  rows: readonly Row[],
): Promise<number> {
  print(`building ${revision}`);
  const earlier = await EarlierTree.of(revision, process.cwd());
  let leaving: Promise<void> | undefined;
  const leave = () => {
    earlier.removeNow();
    leaving ??= endWorlds().finally(() => process.exit(130));
  };
  process.once('SIGINT', leave).once('SIGTERM', leave);
  const compared: Comparison[] = [];
  try {
    for (const { name, speed } of rows) {
      if (!speed) continue;
      const lines = comparisonsOf(name, await pairsOf(speed, process.cwd(), earlier.path));
      for (const line of lines) print(lineOf(line).join(' | '));
      compared.push(...lines);
    }
  } catch (error) {
    // What is measured breaks when its world is ended: that is no news, and not to end this before the worlds.
    await leaving;
    throw error;
  } finally {
    await earlier.remove();
  }
  const columns = ['row', 'what', 'now', 'before', 'speed now to before', 'spread', `≥ ${LEAST} ×`];
  print(`\n${markdownTable(columns, compared.map(lineOf))}\n`);
  const slower = compared.filter(({ holds }) => !holds).length;
  print(`against ${revision}: ${compared.length - slower} keep their speed, ${slower} do not`);
  return slower;
}
