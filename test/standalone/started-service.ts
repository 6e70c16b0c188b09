import { spawn, type ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished, vi } from 'vitest';
import { ApiRequests } from '../../apps/standalone/api-requests.js';
import { commandLineOf, stopPid } from '#libs/embedded';

const patience = { timeout: 60_000, interval: 50 };

/** A folder for the data, removed after the test together with every process that still works on it. */
export async function aDataFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'ems-standalone-'));
  // Postgres's own user must be able to pass through, or its data would lie elsewhere.
  await chmod(folder, 0o711);
  onTestFinished(async () => {
    for (const { pid } of processesOn(folder)) await stopPid(pid, folder, [['SIGKILL', 5_000]]);
    await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  });
  return folder;
}

/** The processes whose command line names the folder: Postgres, NATS and our applications. */
export function processesOn(folder: string): { pid: number; command: string }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => ({ pid: Number(name), command: commandLineOf(Number(name)) ?? '' }))
    .filter(({ command }) => command.includes(folder));
}

/** What `npm start` runs, as a real process on ports of its own. */
export class StartedService {
  output = '';
  readonly exited: Promise<number | string>;
  private readonly child: ChildProcess;

  constructor(
    readonly dataDir: string,
    settings: Record<string, string> = {},
  ) {
    this.child = spawn(process.execPath, ['dist/apps/standalone/main.js'], {
      env: {
        ...withoutSettings(),
        PORT: '0',
        EMS_DATA_DIR: dataDir,
        EMS_DEMO: 'off',
        DISPATCHERS: '1',
        ...settings,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on('data', (text: Buffer) => (this.output += text.toString()));
    }
    this.exited = new Promise((resolve) => {
      this.child.once('close', (code, signal) => resolve(signal ?? code ?? 0));
    });
    onTestFinished(async () => {
      this.child.kill('SIGKILL');
      await this.exited;
    });
  }

  /** Waits for a line like this in what is printed, and fails at once if the process ends without it. */
  async prints(pattern: RegExp): Promise<RegExpExecArray> {
    let ended = false;
    void this.exited.then(() => (ended = true));
    return vi.waitUntil(() => {
      const found = pattern.exec(this.output);
      if (found === null && ended) throw new Error(`It ended without ${pattern}:\n${this.output}`);
      return found;
    }, patience);
  }

  async isUp(): Promise<this> {
    await this.prints(/Ctrl-C stops everything/);
    return this;
  }

  /** The addresses that the overview names. */
  address(label: string): string {
    const found = new RegExp(`^ *${label} +(\\S+)`, 'm').exec(this.output)?.[1];
    if (found === undefined) throw new Error(`No ${label} in:\n${this.output}`);
    return found;
  }

  get api(): ApiRequests {
    return new ApiRequests(this.address('API').replace('/v1', ''), undefined);
  }

  /** The process that currently does this part of the work. */
  pidOf(name: 'api' | 'dispatcher' | `dispatcher-${number}` | 'simulator'): number {
    return Number(readFileSync(join(this.dataDir, 'run', `${name}.pid`), 'utf8'));
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  async stop(): Promise<number | string> {
    this.child.kill('SIGTERM');
    return this.exited;
  }
}

/** Our environment without what would steer the service; the names are those in capitals that it knows. */
function withoutSettings(): NodeJS.ProcessEnv {
  const { PATH, HOME, TMPDIR } = process.env;
  return { PATH, HOME, ...(TMPDIR === undefined ? {} : { TMPDIR }) };
}
