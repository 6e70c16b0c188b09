import type { ClientBase, QueryResult } from 'pg';

/** One prepared statement. Its name is unique in the code base: Postgres keeps the plan under it. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

/** Anything that runs a statement: the pool itself, or one transaction of it. */
export interface SqlExecutor {
  /** Runs one statement and returns its rows. Throws what `pg` throws. */
  query<Row extends object>(statement: Statement, values?: readonly unknown[]): Promise<Row[]>;
}

/** Runs one statement on one connection, whoever opened that. */
export function run<Row extends object>(
  client: ClientBase,
  statement: Statement,
  values: readonly unknown[],
): Promise<QueryResult<Row>> {
  return client.query<Row>({ name: statement.name, text: statement.text, values: [...values] });
}
