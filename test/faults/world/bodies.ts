import { request } from 'undici';
import type { EmbeddedServer } from '#libs/embedded';
import type { AppProcess } from '../../support/app-process.js';
import { until } from '../../support/until.js';
import type { ActorBody } from './actor.js';

const START_PATIENCE = 60_000;

/** One of the applications, which serves once its health answers on `port`. */
export function appBody(app: AppProcess, port: number): ActorBody {
  return {
    start: async () => {
      app.start();
      const up = await until(
        `${app.name} serves`,
        async () => {
          if (!app.isRunning) return 'ended';
          return (await request(`http://127.0.0.1:${port}/health/live`)).statusCode === 200;
        },
        START_PATIENCE,
        20,
      );
      if (up === 'ended') throw new Error(`${app.name} has ended: ${app.output}`);
    },
    kill: () => app.kill(),
    stop: () => app.stop(),
    signal: (signal) => app.signal(signal),
    get pid() {
      return app.pid;
    },
    accepted: async () => {
      const { body } = await request(`http://127.0.0.1:${port}/metrics`);
      const counted = /^ems_attempts_total\{[^}]*outcome="accepted"[^}]*\} (\d+)/m.exec(await body.text());
      return Number(counted?.[1] ?? 0);
    },
  };
}

/** Postgres or NATS, started again on the same data and the same port. */
export class ServerBody implements ActorBody {
  private running: EmbeddedServer | undefined;

  constructor(private readonly begin: () => Promise<EmbeddedServer>) {}

  async start(): Promise<void> {
    this.running = await this.begin();
  }

  async kill(): Promise<void> {
    await this.running?.kill();
  }

  async stop(): Promise<null> {
    await this.running?.stop();
    return null;
  }
}
