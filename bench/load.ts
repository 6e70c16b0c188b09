import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { LoadReport } from './load-process.js';

export interface Load {
  url: string;
  /** One of `apiCalls`. */
  call: string;
  /** Callers that ask again as soon as they are answered, whatever the answer is. */
  connections: number;
  seconds: number;
}

/** Above those of the clients that are there before, and each load begins a million further on. */
let firstPhone = 79_500_000_000;

/** Asks from a process of its own. */
export async function runLoad({ url, call, connections, seconds }: Load): Promise<LoadReport> {
  const load = startProcess('load-process.js', {
    URL: url,
    CALL: call,
    CONNECTIONS: String(connections),
    SECONDS: String(seconds),
    FIRST_PHONE: String((firstPhone += 1_000_000)),
  });
  const [report]: unknown[] = await Promise.race([once(load, 'message'), failureOf(load)]);
  return report as LoadReport;
}

/** A module of the bench as a process, with settings. */
export function startProcess(module: string, settings: Record<string, string>): ChildProcess {
  return fork(fileURLToPath(new URL(module, import.meta.url)), {
    env: { PATH: process.env['PATH'], ...settings },
  });
}

/** Rejects when the process ends. */
export async function failureOf(child: ChildProcess): Promise<never> {
  const [code] = (await once(child, 'exit')) as [number | null];
  throw new Error(`It ended with ${code} and said nothing`);
}
