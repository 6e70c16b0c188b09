import { setTimeout as wait } from 'node:timers/promises';
import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Sql } from '#libs/database';
import { registerDispatcher, unregisterDispatcher } from '#libs/queue/watch';
import { DispatcherIdentity } from './process/dispatcher-identity.js';
import { DutyTicker, type Tick } from './process/duty-ticker.js';
import { SendLanes } from './take/send-lanes.js';
import { DUTY_SCHEDULE } from './duties/duty-schedule.js';

/** Milliseconds. */
const RETRY_EVERY = 250;

/**
 * Begins to work once Postgres is there, and ends without a trace: at SIGTERM nothing more is leased, what is
 * on the wire is finished and recorded, every batch goes back, and the dispatcher leaves the list.
 */
@Injectable()
export class DispatcherLifecycle implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('Dispatcher');
  private beginning: Promise<void> | undefined;
  private ending = false;

  constructor(
    private readonly sql: Sql,
    private readonly identity: DispatcherIdentity,
    private readonly ticker: DutyTicker,
    private readonly lanes: SendLanes,
    @Inject(DUTY_SCHEDULE) private readonly schedule: Tick[],
  ) {}

  onApplicationBootstrap(): void {
    this.beginning = this.beginWork();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.ending = true;
    await this.beginning;
    await this.lanes.stop();
    await this.ticker.stop();
    await unregisterDispatcher(this.sql, this.identity.id).catch((error: unknown) => {
      this.logger.warn({ msg: 'left without saying so: the heartbeat will run out', error: String(error) });
    });
    this.logger.log({ msg: 'stopped', dispatcherId: this.identity.id });
  }

  private async beginWork(): Promise<void> {
    for (let told = false; !this.ending;) {
      try {
        this.identity.shard = await registerDispatcher(this.sql, this.identity);
        this.ticker.start(this.schedule);
        this.lanes.start();
        this.logger.log({ msg: 'dispatching', dispatcherId: this.identity.id, shard: this.identity.shard });
        return;
      } catch (error) {
        if (!told) this.logger.warn({ msg: 'waiting for Postgres and its schema', error: String(error) });
        told = true;
        await wait(RETRY_EVERY);
      }
    }
  }
}
