import { AsyncLocalStorage } from 'node:async_hooks';
import type { ClientBase } from 'pg';
import type { EntityManager } from 'typeorm';
import { run, type SqlExecutor, type Statement } from './sql-executor.js';

const entered = new AsyncLocalStorage<JointTransaction>();

/**
 * One transaction that all statements join which are made inside of it, through `Sql` or `Orm`, however deep.
 * As in any transaction, nothing further can be done in it after a statement has failed.
 */
export class JointTransaction implements SqlExecutor {
  private readonly afterwards: (() => void)[] = [];
  private isOpen = true;

  constructor(
    private readonly client: ClientBase,
    /** TypeORM's side of the same connection. */
    readonly manager: EntityManager,
  ) {}

  /** The one that the caller is inside of. Throws when the caller has outlived it: its work was to be whole. */
  static get current(): JointTransaction | undefined {
    const transaction = entered.getStore();
    if (transaction && !transaction.isOpen) throw new Error('The transaction of this work has ended.');
    return transaction;
  }

  async query<Row extends object>(statement: Statement, values: readonly unknown[] = []): Promise<Row[]> {
    return (await run<Row>(this.client, statement, values)).rows;
  }

  /** Everything that `work` calls is inside, until it ends. */
  async enter<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await entered.run(this, work);
    } finally {
      this.isOpen = false;
    }
  }

  /** Keeps what others may know only when the transaction is committed. */
  defer(action: () => void): void {
    this.afterwards.push(action);
  }

  /** Does what was kept; to be called once, after the commit. */
  announceCommit(): void {
    for (const action of this.afterwards) action();
  }
}

/**
 * Runs `action` when what the caller has written is committed: at once outside of a joint transaction, never if
 * that is rolled back. It must not throw.
 */
export function afterCommit(action: () => void): void {
  const transaction = JointTransaction.current;
  if (transaction) transaction.defer(action);
  else action();
}

/**
 * Throws inside of a joint transaction. For what waits for other processes: they can't see yet what they are
 * waited for, and a connection would be held meanwhile.
 */
export function requireNoJointTransaction(): void {
  if (JointTransaction.current)
    throw new Error('Other processes are not waited for inside of a transaction.');
}
