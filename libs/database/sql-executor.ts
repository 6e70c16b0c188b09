import { type ClientBase, Query, type QueryResult } from 'pg';

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

/**
 * Runs one statement on one connection, whoever opened that. As a query of pg's own: settings of one would be
 * copied by pg with their property descriptors, for each run.
 */
export function run<Row extends object>(
  client: ClientBase,
  statement: Statement,
  values: readonly unknown[],
): Promise<QueryResult<Row>> {
  return new Promise<QueryResult<Row>>((resolve, reject) => {
    const query: Query<Row> & { name?: string } = new Query<Row, unknown[]>(
      statement.text,
      [...values],
      (error, result) => (error ? reject(error) : resolve(result)),
    );
    query.name = statement.name;
    client.query(query);
  }).catch((error: Error) => {
    // The error was made where the answer was read: who asked is of more use.
    Error.captureStackTrace(error);
    throw error;
  });
}

/**
 * An array of numbers as Postgres reads it, for a parameter that is one: pg would look at each element's type and
 * escape it, which costs more than all else it does for a statement over many rows.
 */
export function numberArray(numbers: readonly number[]): string {
  return `{${numbers.join()}}`;
}
