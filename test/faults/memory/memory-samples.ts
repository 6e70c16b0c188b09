import { request } from 'undici';

/** What a process held at one moment, in MiB, and how many messages it had sent by then. */
export interface MemorySample {
  at: number;
  sent: number;
  resident: number;
  heap: number;
}

const MIB = 1_048_576;

/** Reads a dispatcher's own metrics at an interval, and keeps what it read. */
export class MemorySamples {
  readonly all: MemorySample[] = [];
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly metricsUrl: string) {}

  start(everyMs: number): void {
    this.timer = setInterval(() => void this.take().catch(() => undefined), everyMs);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  get sent(): number {
    return this.all.at(-1)?.sent ?? 0;
  }

  async take(): Promise<MemorySample> {
    const text = await (await request(this.metricsUrl)).body.text();
    const read = (name: string) =>
      Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(text)?.[1] ?? 0);
    const sample = {
      at: performance.now(),
      sent: Number(/^ems_messages_total\{[^}]*outcome="sent"[^}]*\} (\S+)$/m.exec(text)?.[1] ?? 0),
      resident: read('process_resident_memory_bytes') / MIB,
      heap: read('nodejs_heap_size_used_bytes') / MIB,
    };
    this.all.push(sample);
    return sample;
  }
}

/**
 * What 19 of 20 samples stayed below: how much is needed. V8 lets garbage pile up to the same mark again and
 * again, and gives back the less of it in between the longer it runs, so a mean would grow where nothing does.
 */
export function peakOf(samples: readonly MemorySample[], what: 'resident' | 'heap'): number {
  const sorted = samples.map((sample) => sample[what]).toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length * 0.95)] ?? Number.NaN;
}

/** What was held right after the garbage was collected, if the period was long enough for that. */
export function leastOf(samples: readonly MemorySample[], what: 'resident' | 'heap'): number {
  return Math.min(...samples.map((sample) => sample[what]));
}
