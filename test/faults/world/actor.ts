import { setTimeout as wait } from 'node:timers/promises';
import type { InjectedFault } from '../ledger.js';

/** What is under an actor: a process, or a server as a child process. */
export interface ActorBody {
  /** Resolves when it serves. */
  start(): Promise<void>;
  /** `kill -9`; resolves when it is gone. */
  kill(): Promise<void>;
  /** Asks it to end; resolves when it has, with its exit code where it is known. */
  stop(): Promise<number | null>;
  signal?(signal: NodeJS.Signals): void;
  /** The process that it is now. */
  readonly pid?: number;
  /** For a dispatcher: messages that its provider took from the process that it is now. */
  accepted?(): Promise<number>;
}

export interface ActorTerms {
  /** Messages that are in doubt when it dies, or stands still for longer than `patienceMs`. */
  doubts: number;
  /** Milliseconds that it can stand still without losing its leases. */
  patienceMs: number;
}

/** A process that the scenario may do anything to. Each fault is written down with what it may put in doubt. */
export class Actor {
  running = false;
  /** When it last served again, epoch milliseconds. */
  returnedAt = 0;
  private stoppedAt: number | undefined;

  constructor(
    readonly name: string,
    private readonly body: ActorBody,
    private readonly terms: ActorTerms,
    private readonly note: (fault: InjectedFault) => void,
  ) {}

  /** Starts it, or starts it again; resolves when it serves. */
  async start(): Promise<void> {
    await this.body.start();
    this.running = true;
    this.returnedAt = Date.now();
  }

  /** The process that it is now; 0 when it is none. */
  get pid(): number {
    return this.body.pid ?? 0;
  }

  /** Of a dispatcher, by its own count: messages that were accepted from it since it last started. */
  async accepted(): Promise<number> {
    return (await this.body.accepted?.()) ?? 0;
  }

  /** `kill -9`. */
  async kill(): Promise<void> {
    if (!this.running) return;
    this.running = false;
    this.write('kill -9', this.terms.doubts);
    await this.body.kill();
  }

  /** SIGTERM; the exit code, or null when it is not known. */
  async terminate(): Promise<number | null> {
    if (!this.running) return null;
    this.running = false;
    this.write('SIGTERM', 0);
    return this.body.stop();
  }

  /** SIGSTOP for `forMs`, then SIGCONT. */
  async freeze(forMs: number): Promise<void> {
    this.suspend();
    await wait(forMs);
    this.resume();
  }

  /** SIGSTOP. */
  suspend(): void {
    this.stoppedAt = performance.now();
    this.body.signal?.('SIGSTOP');
  }

  /** SIGCONT; it is in doubt what it had on the wire, if it was stopped for longer than its lease. */
  resume(): void {
    if (this.stoppedAt === undefined) return;
    const stoppedFor = performance.now() - this.stoppedAt;
    this.stoppedAt = undefined;
    this.write(
      `SIGSTOP for ${Math.round(stoppedFor)} ms`,
      stoppedFor > this.terms.patienceMs ? this.terms.doubts : 0,
    );
    this.body.signal?.('SIGCONT');
  }

  /** Writes down a fault that was injected some other way, such as by a proxy. */
  write(what: string, doubts = 0): void {
    this.note({ at: Date.now(), what: `${this.name}: ${what}`, doubts });
  }

  /** Ends it without a word in the ledger. */
  async end(): Promise<void> {
    this.running = false;
    this.body.signal?.('SIGCONT');
    await this.body.kill();
  }
}
