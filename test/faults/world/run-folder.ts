import { rmSync } from 'node:fs';
import { chmod, mkdir, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandLineOf, stopLeftoverNats, stopLeftoverPostgres } from '#libs/embedded';

const prefix = 'ems-faults-';

/** Where one scenario has its servers and its logs. */
export interface ScenarioFolder {
  postgres: string;
  nats: string;
  logs: string;
}

/** Everything that a run writes, in one temporary folder named after the process that runs it. */
export class RunFolder {
  readonly path = join(tmpdir(), `${prefix}${process.pid}`);

  /** A data folder of Postgres that scenarios copy. */
  get template(): string {
    return join(this.path, 'template');
  }

  async create(): Promise<void> {
    await clearEarlierRuns();
    await mkdir(this.path);
    // Postgres runs as a user of its own and has to pass through.
    await chmod(this.path, 0o711);
  }

  async scenario(name: string): Promise<ScenarioFolder> {
    const folder = join(this.path, name);
    const logs = join(folder, 'logs');
    await mkdir(logs, { recursive: true });
    await chmod(folder, 0o711);
    return { postgres: join(folder, 'postgres'), nats: join(folder, 'nats'), logs };
  }

  /** Removes a scenario's data; its logs stay when they tell of something. */
  async discard(folder: ScenarioFolder, keepLogs: boolean): Promise<void> {
    for (const data of [folder.postgres, folder.nats, ...(keepLogs ? [] : [join(folder.logs, '..')])]) {
      await rm(data, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
    }
  }

  /** Removes the template, and all of it unless logs were kept. */
  async remove(keepLogs: boolean): Promise<void> {
    await rm(keepLogs ? this.template : this.path, { recursive: true, force: true, maxRetries: 10 });
  }

  /** Removes everything in one tick, when there is no time left to wait for anything. */
  removeNow(): void {
    rmSync(this.path, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  }
}

/** A run that was killed could not stop its servers: does it for all whose owner is gone. */
async function clearEarlierRuns(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const owner = new RegExp(`^${prefix}(\\d+)$`).exec(name)?.[1];
    if (owner === undefined || commandLineOf(Number(owner)) !== undefined) continue;
    const run = join(tmpdir(), name);
    for (const scenario of await readdir(run)) {
      const ofTemplate = scenario === 'template';
      await stopLeftoverPostgres(ofTemplate ? join(run, scenario) : join(run, scenario, 'postgres'));
      if (!ofTemplate) await stopLeftoverNats(join(run, scenario, 'nats'));
    }
    // Logs of what broke are kept for people; data is not.
    for (const scenario of await readdir(run)) {
      for (const data of ['postgres', 'nats']) {
        await rm(join(run, scenario, data), { recursive: true, force: true });
      }
    }
    await rm(join(run, 'template'), { recursive: true, force: true });
  }
}
