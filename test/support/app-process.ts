import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

const root = process.cwd();
const KEPT_LINES = 200;

/** One of the built applications as a real process. What it last said is kept for a failing test. */
export class AppProcess {
  private child: ChildProcess | undefined;
  private readonly lines: string[] = [];

  constructor(
    readonly name: 'api' | 'dispatcher' | 'simulator',
    private readonly env: Record<string, string>,
  ) {}

  get pid(): number {
    return this.child?.pid ?? 0;
  }

  get isRunning(): boolean {
    return this.child !== undefined && this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Starts the process; does not wait until it serves. */
  start(): void {
    const child = spawn(process.execPath, [`dist/apps/${this.name}/main.js`], {
      cwd: root,
      env: { PATH: process.env.PATH, NODE_ENV: 'test', LOG_FORMAT: 'json', ...this.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk: string) => {
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
    return this.lines.join('\n');
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const { child } = this;
    if (!child || !this.isRunning) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  }
}
