import { readFile } from 'node:fs/promises';
import { findingOf, oursAtMost, ratioAtMost } from '../finding.js';
import type { Row } from '../row.js';
import { BenchWorld } from '../world.js';

const SMALL = 100_000;
const LARGE = 2_000_000;
const MAILING = 200_000;
const MEBIBYTE = 1_048_576;

/** The resident memory of a process, in MiB: now, and the most it had since it began (Linux). */
async function residentOf(pid: number): Promise<{ now: number; most: number }> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const mebibytes = (field: string) =>
    (Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(status)?.[1]) * 1_024) / MEBIBYTE;
  return { now: mebibytes('VmRSS'), most: mebibytes('VmHWM') };
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
      const small = await residentOf(pid);
      for (let sent = SMALL; sent < LARGE; sent += MAILING) {
        await world.completed(await world.mailing('all'), MAILING);
      }
      const large = await residentOf(pid);
      const what = 'MiB of a dispatcher after two million messages, to that after a hundred thousand';
      const peak = 'MiB of a dispatcher at its peak within two million messages';
      return [
        findingOf(this.name, what, { ours: [large.now], reference: [small.now] }, ratioAtMost(1.1)),
        findingOf(this.name, peak, { ours: [large.most] }, oursAtMost(250, 'MiB')),
      ];
    } finally {
      await world.end();
    }
  },
};
