import { type CustomTypesConfig, Pool, type PoolClient, types as pgTypes } from 'pg';
import { JointTransaction } from './joint-transaction.js';
import { isConnectionError, isTransient } from './sql-errors.js';
import { run, type SqlExecutor, type Statement } from './sql-executor.js';
import { noteUnanswered, noteUnansweredCommit } from './unanswered-changes.js';

export interface SqlOptions {
  url: string;
  poolSize: number;
  /** Shown in `pg_stat_activity`. */
  applicationName: string;
  /** Milliseconds after which the server gives a statement up; 0 for never. */
  statementTimeoutMs?: number;
  /**
   * No table is read whole where there is an index, however small it was when the statement's plan was made: a
   * plan may stay for minutes while a mailing makes a million rows of a few.
   */
  byIndexOnly?: boolean;
  /** Called when an idle connection is lost; the pool replaces it by itself. */
  onConnectionLost?: (error: Error) => void;
}

const INT8_OID = 20;

/** Ids are identities well below 2^53, so int8 becomes a number instead of pg's default string. */
const types: CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    oid === INT8_OID ? Number : pgTypes.getTypeParser(oid, format)) as typeof pgTypes.getTypeParser,
};

/**
 * A pool for hand-written SQL. Named statements are prepared once a connection, deadlocks and serialisation
 * failures are run again, and a connection is dropped only when it is really broken (pg's own `pool.query`
 * drops it on a unique violation too, which costs a reconnect for each wrong request). Inside of a
 * {@link JointTransaction} everything here is part of that, and it alone is run again. Of what fails here
 * `mayHaveChanged` tells whether it may have been done.
 */
export class Sql implements SqlExecutor {
  private readonly pool: Pool;

  constructor(options: SqlOptions) {
    this.pool = new Pool({
      connectionString: options.url,
      max: options.poolSize,
      application_name: options.applicationName,
      connectionTimeoutMillis: 5_000,
      idleTimeoutMillis: 60_000,
      keepAlive: true,
      types,
      // Before Postgres 18 what is switched off counts as dear, and dear plans are compiled.
      ...(options.byIndexOnly ? { options: '-c enable_seqscan=off -c jit=off' } : {}),
      ...(options.statementTimeoutMs ? statementTimeouts(options.statementTimeoutMs) : {}),
    });
    this.pool.on('error', (error) => options.onConnectionLost?.(error));
    // A broken connection also emits while it is checked out; the query that uses it already rejects.
    this.pool.on('connect', (client) => client.on('error', () => {}));
  }

  async query<Row extends object>(statement: Statement, values: readonly unknown[] = []): Promise<Row[]> {
    const joint = JointTransaction.current;
    if (joint) return joint.query<Row>(statement, values);
    return this.withRetry(
      async (client) => (await run<Row>(client, statement, values)).rows,
      (error) => noteUnanswered(error, statement),
    );
  }

  /** Runs `work` in one READ COMMITTED transaction; what it throws rolls everything back. */
  async transaction<Result>(work: (transaction: SqlExecutor) => Promise<Result>): Promise<Result> {
    const joint = JointTransaction.current;
    if (joint) return work(joint);
    return this.withRetry(async (client) => {
      await client.query('BEGIN');
      try {
        const result = await work({
          query: async <Row extends object>(statement: Statement, values: readonly unknown[] = []) =>
            (await run<Row>(client, statement, values)).rows,
        });
        await commit(client);
        return result;
      } catch (error) {
        if (!isConnectionError(error)) await client.query('ROLLBACK').catch(() => {});
        throw error;
      }
    });
  }

  /** Waits for running statements and closes every connection. */
  async close(): Promise<void> {
    await this.pool.end();
  }

  private async withRetry<Result>(
    work: (client: PoolClient) => Promise<Result>,
    onFailure?: (error: unknown) => void,
  ): Promise<Result> {
    for (let attempt = 1; ; attempt += 1) {
      const client = await this.pool.connect();
      try {
        const result = await work(client);
        client.release();
        return result;
      } catch (error) {
        client.release(isConnectionError(error));
        onFailure?.(error);
        if (attempt >= 5 || !isTransient(error)) throw error;
      }
    }
  }
}

async function commit(client: PoolClient): Promise<void> {
  try {
    await client.query('COMMIT');
  } catch (error) {
    noteUnansweredCommit(error);
    throw error;
  }
}

/**
 * The server gives a statement up after `milliseconds`; a server that hangs, or a network that swallows
 * everything, is given up a little later by ourselves.
 */
export function statementTimeouts(milliseconds: number) {
  return { statement_timeout: milliseconds, query_timeout: milliseconds + 2_000 };
}
