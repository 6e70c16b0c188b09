import type { Sql } from './sql.js';
import type { SqlExecutor, Statement } from './sql-executor.js';

/**
 * Where lists and statistics are read: a replica if there is one, which may be a moment behind, else the same
 * pool as everything. A replica that is away is an error as Postgres's own absence is: to turn to the primary
 * would put the load on it from which the replica is to keep it, at the worst time. Inside of a joint
 * transaction all is read in that.
 */
export class ReadSql implements SqlExecutor {
  constructor(
    private readonly primary: Sql,
    /** Its own pool, closed with this. */
    readonly replica?: Sql,
  ) {}

  /** Runs one statement that changes nothing; a replica refuses any other. */
  query<Row extends object>(statement: Statement, values: readonly unknown[] = []): Promise<Row[]> {
    return (this.replica ?? this.primary).query(statement, values);
  }

  /**
   * For what is a 404 when there is no row: what the replica does not have is asked of the primary too, so that
   * nobody is told that what was created a moment ago is not there.
   */
  async find<Row extends object>(statement: Statement, values: readonly unknown[]): Promise<Row[]> {
    const rows = await this.query<Row>(statement, values);
    return rows.length === 0 && this.replica ? this.primary.query(statement, values) : rows;
  }

  async close(): Promise<void> {
    await this.replica?.close();
  }
}
