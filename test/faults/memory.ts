import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { until } from '../support/until.js';
import { leastOf, peakOf, type MemorySample, MemorySamples } from './memory/memory-samples.js';
import { MemoryWorld } from './memory/memory-world.js';

/** How much more a dispatcher may hold than it did from its first 100,000 messages on. */
const GROWTH = 0.1;
const WARM_UP = 100_000;
const LEAST = 500_000;
const SAMPLE_EVERY = 500;
const MAILINGS = 10;
/** Seconds without a message after which the run is given up. */
const STANDSTILL = 120;

const print = (line: string) => process.stdout.write(`${line}\n`);

const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '2000000' },
    outage: { type: 'string', default: '300' },
  },
});
const messages = Number(values.messages);
const outageMs = Number(values.outage) * 1_000;
if (!(messages >= LEAST)) throw new Error(`--messages has to be ${LEAST} at least`);

/** Waits for so many messages to be sent; throws when none is for two minutes. */
async function sent(samples: MemorySamples, count: number): Promise<void> {
  while (samples.sent < count) {
    const before = samples.sent;
    await until('more messages are sent', () => samples.sent > before, STANDSTILL * 1_000, SAMPLE_EVERY);
  }
}

/**
 * Sends everything, with Postgres away in the middle. A period is a fifth of the messages: V8 lets garbage pile
 * up over 150,000 and more of them before it looks at all it holds, and anything shorter would compare one
 * point of that curve with another.
 */
async function measure(world: MemoryWorld): Promise<Map<string, MemorySample[]>> {
  const samples = new MemorySamples(world.metricsUrl);
  samples.start(SAMPLE_EVERY);
  try {
    await sent(samples, messages / 2);
    await world.stopPostgres();
    const begins = performance.now();
    await wait(outageMs);
    const ends = performance.now();
    await world.startPostgres();
    await sent(samples, messages);
    const { all } = samples;
    const period = messages / 5;
    const between = (from: number, to: number) => all.filter((one) => one.sent >= from && one.sent <= to);
    return new Map([
      [`${WARM_UP} to ${WARM_UP + period}`, between(WARM_UP, WARM_UP + period)],
      ['without Postgres', all.filter(({ at }) => at >= begins && at <= ends)],
      [`${messages - period} to ${messages}`, between(messages - period, messages)],
    ]);
  } finally {
    samples.stop();
  }
}

/** Prints the table; whether nothing grew. */
function judge(periods: Map<string, MemorySample[]>): boolean {
  const [first = []] = periods.values();
  let flat = true;
  print('| messages sent | samples | resident, peak | of the first | heap, least | of the first |');
  print('| --- | --- | --- | --- | --- | --- |');
  for (const [name, samples] of periods) {
    const resident = peakOf(samples, 'resident');
    const ratio = resident / peakOf(first, 'resident');
    const heap = leastOf(samples, 'heap');
    const heapRatio = heap / leastOf(first, 'heap');
    // While nothing is sent V8 has no reason to look for garbage, so the least heap says nothing then.
    flat &&= ratio <= 1 + GROWTH && (name === 'without Postgres' || heapRatio <= 1 + GROWTH);
    const cells = [
      name,
      String(samples.length),
      `${resident.toFixed(1)} MiB`,
      `${(100 * ratio).toFixed(1)} %`,
      `${heap.toFixed(1)} MiB`,
      `${(100 * heapRatio).toFixed(1)} %`,
    ];
    print(`| ${cells.join(' | ')} |`);
  }
  return flat;
}

const world = await MemoryWorld.start();
let flat = false;
try {
  await world.load(messages / MAILINGS, MAILINGS);
  const startedAt = performance.now();
  const periods = await measure(world);
  flat = judge(periods);
  const seconds = (performance.now() - startedAt - outageMs) / 1_000;
  print(
    `\n${messages} messages in ${seconds.toFixed(0)} s of sending, ${values.outage} s without Postgres: memory ${flat ? 'stayed flat' : 'GREW'}`,
  );
} catch (error) {
  print(world.output);
  throw error;
} finally {
  await world.end();
}
process.exit(flat ? 0 : 1);
