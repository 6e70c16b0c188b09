import { readFile } from 'node:fs/promises';
import { bothOf, findingOf, oursAtMost, ratioAtMost } from '../finding.js';
import type { Row } from '../row.js';
import { BenchWorld } from '../world.js';

const SMALL = 100_000;
const LARGE = 2_000_000;
const MAILING = 200_000;
const MEBIBYTE = 1_048_576;

/** The most resident memory that a process had since it began, in MiB (Linux). */
async function peakOf(pid: number): Promise<number> {
  const kilobytes = /VmHWM:\s+(\d+) kB/.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1];
  return (Number(kilobytes) * 1_024) / MEBIBYTE;
}

export const memory: Row = {
  name: 'memory',
  async measure() {
    const world = await BenchWorld.start();
    try {
      await world.clients(MAILING, 'all');
      await world.clients(SMALL, 'few');
      const pid = world.dispatchers[0]?.process.pid ?? 0;
      await world.completed(await world.mailing('few'), SMALL);
      const small = await peakOf(pid);
      for (let sent = SMALL; sent < LARGE; sent += MAILING) {
        await world.completed(await world.mailing('all'), MAILING);
      }
      const large = await peakOf(pid);
      const what = "MiB, a dispatcher's peak after two million messages, to that after a hundred thousand";
      const bar = bothOf(ratioAtMost(1.1), oursAtMost(250, 'MiB'));
      return [findingOf(this.name, what, { ours: [large], reference: [small] }, bar)];
    } finally {
      await world.end();
    }
  },
};
