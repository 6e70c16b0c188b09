import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { natsAddress } from './nats-address.js';
import { within } from './within.js';

export interface NatsLinkOptions {
  /** Addresses such as `nats://user:password@host:4222`; any of them will do. */
  servers: readonly string[];
  /** Shown in the server's own monitoring. */
  name: string;
}

/** Milliseconds. */
const RETRY_EVERY = 500;
const DIAL_TIMEOUT = 2_000;
const PING_EVERY = 5_000;
const DRAIN_TIMEOUT = 2_000;

/**
 * The process's one connection to NATS. It never blocks the start, connects whenever NATS comes up, and
 * reconnects for ever (the client's own default gives up after ten tries and stays closed). A server that
 * hangs without closing is given up after 15 s. Subscriptions outlive reconnects.
 */
@Injectable()
export class NatsLink implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger(NatsLink.name);
  private readonly listeners: ((connection: NatsConnection) => void)[] = [];
  private current: NatsConnection | undefined;
  private up = false;
  private closing = false;
  private keeping: Promise<void> | undefined;

  constructor(private readonly options: NatsLinkOptions) {}

  /** Whether NATS can be spoken to right now. */
  get isConnected(): boolean {
    return this.up;
  }

  /** The connection while it is up; what is published on one that is down would be lost silently. */
  get connection(): NatsConnection | undefined {
    return this.up ? this.current : undefined;
  }

  /** Calls `listener` with the connection once there is one, and with each later one: the place to subscribe. */
  onConnection(listener: (connection: NatsConnection) => void): void {
    this.listeners.push(listener);
    if (this.current) listener(this.current);
  }

  onModuleInit(): void {
    this.start();
  }

  /** Begins to connect and returns at once. */
  start(): void {
    this.keeping ??= this.keepConnected();
  }

  /** The last hook of a shutdown: until then replies and acknowledgements can still be sent. */
  async onApplicationShutdown(): Promise<void> {
    await this.close();
  }

  /** Sends what is still buffered and closes; takes at most two seconds whatever state NATS is in. */
  async close(): Promise<void> {
    this.closing = true;
    const connection = this.current;
    if (connection && !connection.isClosed()) {
      if (this.up) await within(DRAIN_TIMEOUT, connection.drain());
      await connection.close();
    }
    await within(DIAL_TIMEOUT, this.keeping ?? Promise.resolve());
  }

  private async keepConnected(): Promise<void> {
    while (!this.closing) {
      try {
        this.current = await this.dial();
        await this.attend(this.current);
      } catch (error) {
        if (this.closing) return;
        this.logger.error(`The NATS connection failed: ${String(error)}`);
        await sleep(RETRY_EVERY);
      } finally {
        this.up = false;
        this.current = undefined;
      }
    }
  }

  /** Resolves when the first connection stands; rejects only when the link is closed before. */
  private async dial(): Promise<NatsConnection> {
    let dials = 0;
    return connect({
      ...natsAddress(this.options.servers),
      name: this.options.name,
      waitOnFirstConnect: true,
      maxReconnectAttempts: -1,
      reconnectTimeWait: RETRY_EVERY,
      ignoreAuthErrorAbort: true,
      timeout: DIAL_TIMEOUT,
      pingInterval: PING_EVERY,
      maxPingOut: 2,
      // Called before each dial, and the only way to call the endless first connect off.
      reconnectToServer: () => {
        if (this.closing) throw new Error('closing');
        dials += 1;
        if (dials === 2) this.logger.warn('NATS is not reachable. The service keeps trying to connect.');
        return null;
      },
    });
  }

  /** Follows one connection until it is closed for good. */
  private async attend(connection: NatsConnection): Promise<void> {
    if (this.closing) return connection.close();
    const statuses = connection.status();
    this.up = true;
    this.logger.log(`Connected to NATS at ${connection.getServer()}.`);
    for (const listener of this.listeners) listener(connection);
    for await (const status of statuses) {
      if (status.type === 'disconnect') {
        this.up = false;
        if (!this.closing) this.logger.warn(`NATS at ${status.server} is gone; reconnecting.`);
      } else if (status.type === 'reconnect') {
        this.up = true;
        this.logger.log(`Connected to NATS at ${status.server} again.`);
      } else if (status.type === 'error') {
        this.logger.warn(`NATS reports: ${status.error.message}`);
      }
    }
    const reason = await connection.closed();
    if (reason) throw reason;
  }
}
