import { Client } from 'pg';

/**
 * Holds a transaction open, with what `statement` takes, while `meanwhile` lasts. Whatever becomes of Postgres
 * meanwhile, the transaction is over then.
 */
export async function holdTransaction(
  databaseUrl: string,
  statement: string,
  meanwhile: () => Promise<void>,
): Promise<void> {
  const holder = new Client({ connectionString: databaseUrl });
  holder.on('error', () => undefined);
  await holder.connect();
  try {
    await holder.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
    await holder.query(statement);
    await meanwhile();
  } finally {
    await holder.end().catch(() => undefined);
  }
}
