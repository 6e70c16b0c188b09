import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { inject } from 'vitest';
import { errorCode } from '#libs/embedded';
import { claimsFolder, natsAccountNames, templateDatabase } from './run-folder.js';

/** A database of its own, with the current schema and no rows. `drop` also ends connections left open. */
export async function createTestDatabase(): Promise<{ url: string; drop(): Promise<void> }> {
  const { postgresUrl } = inject('services');
  const name = `test_${randomBytes(6).toString('hex')}`;
  await execute(postgresUrl, `CREATE DATABASE ${name} TEMPLATE ${templateDatabase}`);
  return {
    url: new URL(`/${name}`, postgresUrl).href,
    drop: () => execute(postgresUrl, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  };
}

/**
 * A NATS account that nobody else has: its subjects and streams are invisible to all others, so that tests
 * run side by side with the real names. The address carries user and password.
 */
export async function natsAccount(): Promise<{ url: string }> {
  const { natsPort, runFolder } = inject('services');
  for (const name of natsAccountNames) {
    if (await claim(join(claimsFolder(runFolder), name))) {
      return { url: `nats://${name}:${name}@127.0.0.1:${natsPort}` };
    }
  }
  throw new Error(`All ${natsAccountNames.length} NATS accounts are taken: allow more in services.ts.`);
}

/** Making a folder either succeeds or fails as a whole, for all worker processes. */
async function claim(folder: string): Promise<boolean> {
  try {
    await mkdir(folder);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

async function execute(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
