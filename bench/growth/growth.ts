import { markdownTable } from '../../test/support/markdown-table.js';
import { median } from '../finding.js';
import { BenchWorld } from '../world.js';
import { type DiskSpace, diskSpaceOfMessages } from './footprint.js';
import { type NewMailing, sendNewMailing } from './new-mailing.js';
import { addOldMailings, MESSAGES_OF_ONE } from './old-mailings.js';
import { measureReads, type Reads } from './reads.js';

const SIZES = [100_000, 1_000_000, 10_000_000];
const NEW_MESSAGES = 50_000;
const ROUNDS = 3;

const figure = (value: number) => value.toLocaleString('en', { maximumFractionDigits: value < 10 ? 2 : 1 });

/** What was measured with so many messages of old mailings in the tables. */
export interface Size {
  oldMessages: number;
  newMailings: NewMailing[];
  reads: Reads;
  diskSpace: DiskSpace;
}

/** Measures the same service again and again while its tables grow. Takes about four minutes and 5 GB of disk. */
export async function measureGrowth(print: (line: string) => void): Promise<Size[]> {
  const world = await BenchWorld.start();
  try {
    await world.clients(NEW_MESSAGES, 'new');
    await world.clients(MESSAGES_OF_ONE - NEW_MESSAGES, 'old');
    // The first mailing of a process is slower than all others, however many messages there are.
    await sendNewMailing(world, 'new', NEW_MESSAGES);
    const sizes: Size[] = [];
    for (const oldMessages of SIZES) {
      await addOldMailings(world, oldMessages - (sizes.at(-1)?.oldMessages ?? 0));
      print(`${oldMessages.toLocaleString('en')} messages of old mailings are there`);
      const diskSpace = await diskSpaceOfMessages(world);
      const reads = await measureReads(world);
      const newMailings: NewMailing[] = [];
      for (let round = 0; round < ROUNDS; round += 1) {
        const one = await sendNewMailing(world, 'new', NEW_MESSAGES);
        print(`  planned in ${figure(one.planning)}, sent in ${figure(one.sending)} µs a message`);
        newMailings.push(one);
      }
      sizes.push({ oldMessages, newMailings, reads, diskSpace });
    }
    return sizes;
  } finally {
    await world.end();
  }
}

export interface Series {
  name: string;
  unit: 'µs a message' | 'ms a read';
  /** One value for each size. */
  values: number[];
}

export function seriesOf(sizes: readonly Size[]): Series[] {
  const message = (name: string, of: (mailing: NewMailing) => number): Series => ({
    name,
    unit: 'µs a message',
    values: sizes.map(({ newMailings }) => median(newMailings.map(of))),
  });
  const read = (name: string, key: keyof Reads): Series => ({
    name,
    unit: 'ms a read',
    values: sizes.map(({ reads }) => reads[key]),
  });
  return [
    message('planning', ({ planning }) => planning),
    message('sending', ({ sending }) => sending),
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
  const { newMailings, diskSpace, oldMessages } = last;
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
