import { Client } from 'pg';

/** The process of Postgres whose transaction is held. */
export interface Holder {
  pid: number;
}

/**
 * Holds a transaction open, with what `statement` takes, while `meanwhile` lasts. Whatever becomes of Postgres
 * meanwhile, the transaction is over then. Returns what `meanwhile` does.
 */
export async function holdTransaction<Result>(
  databaseUrl: string,
  statement: string,
  meanwhile: (holder: Holder) => Promise<Result>,
): Promise<Result> {
  const holder = new Client({ connectionString: databaseUrl });
  holder.on('error', () => undefined);
  await holder.connect();
  try {
    await holder.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
    await holder.query(statement);
    const { rows } = await holder.query<Holder>('SELECT pg_backend_pid() AS pid');
    return await meanwhile(rows[0] as Holder);
  } finally {
    await holder.end().catch(() => undefined);
  }
}
