import { spawn } from 'node:child_process';
import { describe, expect, it, vi } from 'vitest';
import { SupervisedService, type RunningService } from '../../apps/standalone/supervised-service.js';

describe('a supervised service', () => {
  it('is started again when it is killed, and says so', async () => {
    const { service, launched, lines } = aService();
    await service.start();
    process.kill(launched[0]!.pid, 'SIGKILL');
    await vi.waitFor(() => expect(lines).toHaveLength(2), { timeout: 60_000 });
    const [first, second] = launched;
    await service.stop();

    expect(lines).toEqual([
      `worker: process ${first!.pid} ended (SIGKILL), starting it again in 0.25 s`,
      `worker: started again as process ${second!.pid}`,
    ]);
    expect(await second!.exited).toBe('SIGTERM');
  });

  it('waits longer each time while it keeps ending', async () => {
    const { service, lines } = aService({ lifeMs: 0 });
    await service.start();
    await vi.waitFor(() => expect(lines.length).toBeGreaterThanOrEqual(5), { timeout: 60_000 });
    await service.stop();

    const pauses = lines
      .filter((line) => line.includes('again in'))
      .map((line) => line.split('again in ')[1]);
    expect(pauses.slice(0, 3)).toEqual(['0.25 s', '0.5 s', '1 s']);
  });

  it('is tried again when it does not start at all', async () => {
    const { service, launched, lines, refuse } = aService();
    await service.start();
    refuse(2);
    process.kill(launched[0]!.pid, 'SIGKILL');
    await vi.waitFor(() => expect(launched).toHaveLength(2), { timeout: 60_000 });
    await service.stop();

    expect(lines.filter((line) => line.includes('it did not start (no memory)'))).toHaveLength(2);
  });

  it('stays down once it is stopped, also in the pause before a restart', async () => {
    const { service, launched, lines } = aService({ lifeMs: 0 });
    await service.start();
    await vi.waitFor(() => expect(lines).toHaveLength(1), { timeout: 60_000 });
    await service.stop();

    expect(launched).toHaveLength(1);
  });

  it('that is stopped while it is started again does not say that it was', async () => {
    let letGo = () => {};
    const again = new Promise<void>((resolve) => (letGo = resolve));
    const { service, launched, lines } = aService({ again });
    await service.start();
    process.kill(launched[0]!.pid, 'SIGKILL');
    await vi.waitFor(() => expect(launched).toHaveLength(2), { timeout: 60_000 });
    const stopped = service.stop();
    letGo();
    await stopped;

    expect(lines).toHaveLength(1);
    expect(await launched[1]!.exited).toBe('SIGTERM');
  });

  it('leaves nothing running when it does not get ready at the first start', async () => {
    const { service, launched } = aService({ ready: () => Promise.reject(new Error('wrong setting')) });

    await expect(service.start()).rejects.toThrow('wrong setting');
    expect(await launched[0]!.exited).toBe('SIGTERM');
  });
});

/** A real process that waits for its end, or ends by itself after `lifeMs`; a further start ends with `again`. */
function aService({
  lifeMs,
  ready,
  again,
}: { lifeMs?: number; ready?: () => Promise<void>; again?: Promise<void> } = {}) {
  const launched: RunningService[] = [];
  const lines: string[] = [];
  let refusals = 0;
  const service = new SupervisedService({
    name: 'worker',
    report: (line) => lines.push(line),
    ...(ready === undefined ? {} : { ready }),
    launch: async () => {
      if (refusals > 0) {
        refusals -= 1;
        throw new Error('no memory');
      }
      const running = aProcess(lifeMs ?? 600_000);
      launched.push(running);
      if (launched.length > 1) await again;
      return running;
    },
  });
  return { service, launched, lines, refuse: (times: number) => (refusals = times) };
}

function aProcess(lifeMs: number): RunningService {
  const child = spawn(process.execPath, ['-e', `setTimeout(() => {}, ${lifeMs})`], { stdio: 'ignore' });
  const exited = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
  return {
    pid: child.pid!,
    exited,
    stop: async () => {
      child.kill('SIGTERM');
      await exited;
    },
  };
}
