import { once } from 'node:events';
import type { Server } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

const backlog = 4_096;
const reopenPauseMs = 50;
const reopenAttempts = 200;

/** Another process has the port. */
export class PortTakenError extends Error {
  override readonly name = 'PortTakenError';
}

/**
 * A port that can be closed and opened again under the same number, also when it was given as 0 at first.
 * While it is closed the system may lend the number to another process for a moment, so opening again tries
 * for 10 s.
 */
export class ListeningPort {
  #openedBefore = false;

  constructor(
    private readonly server: Server,
    private readonly host: string,
    private number: number,
  ) {}

  get isOpen(): boolean {
    return this.server.listening;
  }

  get port(): number {
    return this.number;
  }

  /** Throws {@link PortTakenError}, at the first opening at once. */
  async open(): Promise<void> {
    if (this.server.listening) return;
    for (let attempt = 1; !(await this.#listen()); attempt += 1) {
      if (!this.#openedBefore || attempt >= reopenAttempts) {
        throw new PortTakenError(`Port ${this.number} of ${this.host} is in use by another process.`);
      }
      await pause(reopenPauseMs);
    }
    this.#openedBefore = true;
    const address = this.server.address();
    if (typeof address === 'object' && address !== null) this.number = address.port;
  }

  /** Stops listening; ends when the server's last connection is closed. */
  async close(): Promise<void> {
    if (!this.server.listening) return;
    await new Promise<void>((resolve) => {
      this.server.close(() => resolve());
    });
  }

  async #listen(): Promise<boolean> {
    this.server.listen({ host: this.host, port: this.number, backlog });
    try {
      await once(this.server, 'listening');
      return true;
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') return false;
      throw error;
    }
  }
}
