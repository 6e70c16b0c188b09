import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';

const KEPT_LINES = 200;

export interface AppProcessOptions {
  /** All that it says goes there, through every restart, and it ends when this process does, however that ends. */
  logFile?: string;
  /** Where the project is that was built; this one, unless said otherwise. */
  root?: string;
}

/** One of the built applications as a real process. What it last said is kept for a failing test. */
export class AppProcess {
  private child: ChildProcess | undefined;
  private readonly lines: string[] = [];

  constructor(
    readonly name: 'api' | 'dispatcher' | 'simulator',
    private readonly env: Record<string, string>,
    private readonly options: AppProcessOptions = {},
  ) {}

  get pid(): number {
    return this.child?.pid ?? 0;
  }

  get isRunning(): boolean {
    return this.child !== undefined && this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Starts the process; does not wait until it serves. */
  start(): void {
    const { logFile, root = process.cwd() } = this.options;
    const log = logFile === undefined ? 'pipe' : openSync(logFile, 'a');
    const child = spawn(process.execPath, [`dist/apps/${this.name}/main.js`], {
      cwd: root,
      env: { PATH: process.env.PATH, NODE_ENV: 'test', LOG_FORMAT: 'json', ...this.env },
      stdio: ['ignore', log, log, ...(logFile === undefined ? [] : ['ipc' as const])],
    });
    if (typeof log === 'number') closeSync(log);
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (chunk: string) => {
        this.lines.push(...chunk.trimEnd().split('\n'));
        this.lines.splice(0, this.lines.length - KEPT_LINES);
      });
    }
    this.child = child;
  }

  signal(signal: NodeJS.Signals): void {
    this.child?.kill(signal);
  }

  /** `kill -9`; resolves when the process is gone. */
  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  /** SIGTERM; resolves when the process has ended by itself, with its exit code. */
  async stop(): Promise<number | null> {
    await this.end('SIGTERM');
    return this.child?.exitCode ?? null;
  }

  /** The last lines of both output streams. */
  get output(): string {
    const { logFile } = this.options;
    if (logFile === undefined) return this.lines.join('\n');
    return readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-KEPT_LINES).join('\n');
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const { child } = this;
    if (!child || !this.isRunning) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  }
}
