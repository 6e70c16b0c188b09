import { markdownTable } from '../../test/support/markdown-table.js';
import { inTurn, median, ratiosOf } from '../finding.js';
import { BenchWorld } from '../world.js';
import { type DiskSpace, diskSpaceOfMessages } from './footprint.js';
import { type NewMailing, sendNewMailing } from './new-mailing.js';
import { addOldMailings, MESSAGES_OF_ONE } from './old-mailings.js';
import { measureReads, type Reads } from './reads.js';

const SIZES = [100_000, 1_000_000, 10_000_000];
const NEW_MESSAGES = 50_000;
const ROUNDS = 5;

const figure = (value: number) => value.toLocaleString('en', { maximumFractionDigits: value < 10 ? 2 : 1 });

interface Costs {
  newMailing: NewMailing;
  reads: Reads;
}

/** What was measured with so many messages of old mailings in the tables. */
export interface Size {
  oldMessages: number;
  grown: Costs[];
  /** Of a world that has stayed as small as the smallest size, in turn: a machine is faster at one time than another. */
  small: Costs[];
  diskSpace: DiskSpace;
}

/** Measures the same service again and again while its tables grow. Takes about ten minutes and 5 GB of disk. */
export async function measureGrowth(print: (line: string) => void): Promise<Size[]> {
  const worlds: BenchWorld[] = [];
  try {
    const [grown, small] = [await aWorld(worlds), await aWorld(worlds)];
    const [smallest = 0] = SIZES;
    await addOldMailings(small, smallest);
    const sizes: Size[] = [];
    for (const oldMessages of SIZES) {
      await addOldMailings(grown, oldMessages - (sizes.at(-1)?.oldMessages ?? 0));
      print(`${oldMessages.toLocaleString('en')} messages of old mailings are there`);
      const diskSpace = await diskSpaceOfMessages(grown);
      const { ours, reference } = await inTurn(
        ROUNDS,
        () => costsOf(grown),
        () => costsOf(small),
      );
      sizes.push({ oldMessages, grown: ours, small: reference, diskSpace });
    }
    return sizes;
  } finally {
    for (const world of worlds) await world.end();
  }
}

/** With the clients that old and new mailings go to, and its code compiled. */
async function aWorld(worlds: BenchWorld[]): Promise<BenchWorld> {
  const world = await BenchWorld.start();
  worlds.push(world);
  await world.clients(NEW_MESSAGES, 'new');
  await world.clients(MESSAGES_OF_ONE - NEW_MESSAGES, 'old');
  // The first mailing of a process is slower than all others, however many messages there are.
  await sendNewMailing(world, 'new', NEW_MESSAGES);
  return world;
}

async function costsOf(world: BenchWorld): Promise<Costs> {
  const reads = await measureReads(world);
  return { reads, newMailing: await sendNewMailing(world, 'new', NEW_MESSAGES) };
}

export interface Series {
  name: string;
  unit: 'µs a message' | 'ms a read';
  /** One value for each size: the small world's, times by how much the grown one's was higher at that time. */
  values: number[];
}

export function seriesOf(sizes: readonly Size[]): Series[] {
  const series = (name: string, unit: Series['unit'], of: (costs: Costs) => number): Series => {
    const usual = median(sizes.flatMap(({ small }) => small.map(of)));
    return {
      name,
      unit,
      values: sizes.map(({ grown, small }) => usual * median(ratiosOf(grown.map(of), small.map(of)))),
    };
  };
  const message = (name: string, key: 'planning' | 'sending') =>
    series(name, 'µs a message', ({ newMailing }) => newMailing[key]);
  const read = (name: string, key: keyof Reads) => series(name, 'ms a read', ({ reads }) => reads[key]);
  return [
    message('planning', 'planning'),
    message('sending', 'sending'),
    read('statistics of a mailing', 'statistics'),
    read('messages of a mailing', 'firstPage'),
    read('messages of a mailing, deep', 'deepPage'),
    read("a client's latest message", 'latestOfClient'),
    read('clients', 'clients'),
  ];
}

/** One line for each series, and by how much it grew from the smallest to the largest. */
export function growthTable(sizes: readonly Size[]): string {
  return markdownTable(
    ['cost', 'unit', ...sizes.map(({ oldMessages }) => oldMessages.toLocaleString('en')), 'last to first'],
    seriesOf(sizes).map(({ name, unit, values }) => [
      name,
      unit,
      ...values.map(figure),
      figure((values.at(-1) ?? NaN) / (values[0] ?? NaN)),
    ]),
  );
}

/** What a message costs besides time, with as many old ones as there were at last. */
export function footprintTable(sizes: readonly Size[]): string {
  const last = sizes.at(-1);
  if (!last) throw new Error('Nothing was measured');
  const { grown, diskSpace, oldMessages } = last;
  const newMailings = grown.map(({ newMailing }) => newMailing);
  const sum = (of: (mailing: NewMailing) => number) => newMailings.reduce((all, one) => all + of(one), 0);
  const bytes = (value: number) => Math.round(value).toLocaleString('en');
  return markdownTable(
    ['of one message', 'value', 'unit'],
    [
      ['write-ahead log, planning it', bytes(median(newMailings.map((one) => one.planningWal))), 'bytes'],
      ['write-ahead log, sending it', bytes(median(newMailings.map((one) => one.sendingWal))), 'bytes'],
      [
        'updates that touch no index (HOT)',
        figure((100 * sum((one) => one.updates.hot)) / sum((one) => one.updates.all)),
        '%',
      ],
      ['disk, its row', bytes(diskSpace.table / oldMessages), 'bytes'],
      ['disk, its entries in indexes', bytes(diskSpace.indexes / oldMessages), 'bytes'],
    ],
  );
}
