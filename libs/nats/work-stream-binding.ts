import { Logger } from '@nestjs/common';
import { type Consumer, type JetStreamClient, jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { NatsLink } from './nats-link.js';
import { ensureWorkStream, workStreamState, type WorkStreamState } from './work-stream.js';

/** `unknown`: NATS is away, or its JetStream does not answer. */
export type WorkQueueState =
  WorkStreamState | { stream: 'unknown'; consumer: 'unknown'; pending: 0; copies: 0 };

/** The stream and the consumer on one connection, both seen to exist. */
export interface BoundStream {
  connection: NatsConnection;
  client: JetStreamClient;
  consumer: Consumer;
}

/** Milliseconds. */
const API_TIMEOUT = 2_000;
const LOOK_EVERY = 1_000;
/** How soon a cluster that had too few servers is asked whether it has them now. */
const ASK_FOR_COPIES_EVERY = 60_000;

/** Keeps stream and consumer in being: looks at them, at most once a second, whenever there is reason to doubt. */
export class WorkStreamBinding {
  private readonly logger = new Logger('WorkQueue');
  private bound: BoundStream | undefined;
  private doubted = false;
  private looking: Promise<BoundStream | undefined> | undefined;
  private lookedAt = -Infinity;
  private askAgainAt = Infinity;
  private lastTrouble = '';
  private lastShortage = '';

  constructor(
    private readonly link: NatsLink,
    private readonly replicas: number,
  ) {}

  /** What is bound on the present connection, without looking. */
  get current(): BoundStream | undefined {
    return this.bound && this.bound.connection === this.link.connection ? this.bound : undefined;
  }

  /** The binding, made or checked if need be; undefined while NATS or its JetStream is away. Never throws. */
  async get(): Promise<BoundStream | undefined> {
    const { connection } = this.link;
    if (!connection) return undefined;
    const { current } = this;
    if (current && !this.doubted && performance.now() < this.askAgainAt) return current;
    if (!this.looking) {
      if (performance.now() - this.lookedAt < LOOK_EVERY) return current;
      this.lookedAt = performance.now();
      this.looking = this.look(connection).finally(() => {
        this.looking = undefined;
      });
    }
    return this.looking;
  }

  /** The server kept silent: stream and consumer are looked at before they are used again. */
  doubt(): void {
    this.doubted = true;
  }

  /** A use of `used` failed. */
  failed(used: BoundStream | undefined, error: unknown): void {
    if (this.bound === used) this.bound = undefined;
    const message = String(error);
    if (message !== this.lastTrouble) this.logger.warn(`No tickets through JetStream for now: ${message}`);
    this.lastTrouble = message;
  }

  /** For health: asks JetStream itself, and makes nothing. */
  async state(): Promise<WorkQueueState> {
    const { connection } = this.link;
    try {
      if (connection) return await workStreamState(await managerOf(connection));
    } catch (error) {
      this.logger.debug(`JetStream did not answer: ${String(error)}`);
    }
    return { stream: 'unknown', consumer: 'unknown', pending: 0, copies: 0 };
  }

  private async look(connection: NatsConnection): Promise<BoundStream | undefined> {
    try {
      const { consumer, copies } = await ensureWorkStream(await managerOf(connection), this.replicas);
      const client = jetstream(connection, { timeout: API_TIMEOUT });
      this.bound = { connection, client, consumer: client.consumers.getConsumerFromInfo(consumer) };
      this.noteShortage(copies);
      this.doubted = false;
      this.lastTrouble = '';
      return this.bound;
    } catch (error) {
      this.failed(this.bound, error);
      return undefined;
    }
  }

  private noteShortage(copies: number): void {
    const shortage = copies < this.replicas ? shortageOf(copies, this.replicas) : '';
    this.askAgainAt = shortage === '' ? Infinity : performance.now() + ASK_FOR_COPIES_EVERY;
    if (shortage !== '' && shortage !== this.lastShortage) this.logger.warn(shortage);
    this.lastShortage = shortage;
  }
}

/** What to say when fewer servers keep the stream than should. */
export function shortageOf(copies: number, replicas: number): string {
  return `NATS keeps ${copies} of the ${replicas} copies of NATS_REPLICAS: run a NATS cluster of at least ${replicas} servers.`;
}

function managerOf(connection: NatsConnection) {
  return jetstreamManager(connection, { timeout: API_TIMEOUT, checkAPI: false });
}
