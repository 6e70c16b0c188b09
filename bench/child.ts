import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** Runs a module of the bench as a process of its own, with settings, to its end. Throws when that is a failure. */
export async function runToEnd(module: string, settings: Record<string, string>): Promise<void> {
  const child = fork(fileURLToPath(new URL(module, import.meta.url)), {
    env: { PATH: process.env['PATH'], ...settings },
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`${module} ended with ${code}`);
}
