import { readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandLineOf, stopLeftoverNats, stopLeftoverPostgres } from '#libs/embedded';

const prefix = 'ems-test-';

/** The folder that holds a test run's servers; named after the process that owns it. */
export const runFolder = join(tmpdir(), `${prefix}${process.pid}`);
export const postgresFolder = (run: string) => join(run, 'postgres');
export const natsFolder = (run: string) => join(run, 'nats');

/** Migrated once; each test database is a copy. */
export const templateDatabase = 'ems_template';

/** One for each test file, and for each test that wants a NATS of its own; a folder in `claims` marks it taken. */
export const natsAccountNames = Array.from({ length: 256 }, (_, index) => `w${index + 1}`);
export const claimsFolder = (run: string) => join(run, 'accounts');

/** A run that was killed could not stop its servers: does it for all whose owner is gone. */
export async function clearEarlierRuns(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const owner = new RegExp(`^${prefix}(\\d+)$`).exec(name)?.[1];
    if (owner === undefined || commandLineOf(Number(owner)) !== undefined) continue;
    const left = join(tmpdir(), name);
    await stopLeftoverPostgres(postgresFolder(left));
    await stopLeftoverNats(natsFolder(left));
    await rm(left, { recursive: true, force: true });
  }
}
