import { Injectable } from '@nestjs/common';
import { JointTransaction } from './joint-transaction.js';
import { Orm } from './orm.js';
import { inTransaction } from './orm-transaction.js';
import { isTransient } from './sql-errors.js';

export interface JointOptions {
  /** Milliseconds that any statement waits for a lock of another transaction; then it fails with 55P03. */
  lockTimeoutMs: number;
}

/**
 * Milliseconds after which Postgres ends a transaction in which nothing happens: a process that hangs, or whose
 * machine is gone, must not keep its locks.
 */
const IDLE_TIMEOUT = 15_000;

const ATTEMPTS = 5;

/** Opens {@link JointTransaction}s: what neither knows of the other is committed together. */
@Injectable()
export class JointTransactions {
  constructor(private readonly orm: Orm) {}

  /**
   * Runs `work` in one READ COMMITTED transaction that all it calls joins; what it throws rolls everything
   * back. After a deadlock or a serialisation failure `work` is run again, so it may do nothing but write to
   * Postgres, and hold back the rest with `afterCommit`. It must not wait for anything else either: it holds
   * a connection.
   */
  async run<Result>(options: JointOptions, work: () => Promise<Result>): Promise<Result> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.runOnce(options, work);
      } catch (error) {
        if (attempt >= ATTEMPTS || !isTransient(error)) throw error;
      }
    }
  }

  private async runOnce<Result>(
    { lockTimeoutMs }: JointOptions,
    work: () => Promise<Result>,
  ): Promise<Result> {
    const runner = await this.orm.queryRunner();
    const { transaction, result } = await inTransaction(runner, async (client) => {
      const transaction = new JointTransaction(client, runner.manager);
      await client.query(
        `SET LOCAL lock_timeout = ${Math.ceil(lockTimeoutMs)};
         SET LOCAL idle_in_transaction_session_timeout = ${IDLE_TIMEOUT}`,
      );
      return { transaction, result: await transaction.enter(work) };
    });
    transaction.announceCommit();
    return result;
  }
}
