import { Injectable } from '@nestjs/common';
import {
  DataSource,
  type EntityManager,
  type EntityTarget,
  type ObjectLiteral,
  type QueryRunner,
  type Repository,
} from 'typeorm';
import { JointTransaction } from './joint-transaction.js';
import { inTransaction } from './orm-transaction.js';

/**
 * TypeORM's repositories, connected on first use: the process starts while Postgres is away, what needs it
 * fails with the connection's own error, and the next call tries again. A connection that is lost later is
 * replaced by TypeORM's pool. Inside of a {@link JointTransaction} everything here is part of that.
 */
@Injectable()
export class Orm {
  private connecting: Promise<DataSource> | undefined;

  constructor(private readonly dataSource: DataSource) {}

  async repository<Entity extends ObjectLiteral>(entity: EntityTarget<Entity>): Promise<Repository<Entity>> {
    const { manager } = JointTransaction.current ?? (await this.connected());
    return manager.getRepository(entity);
  }

  /** Runs `work` in one transaction; what it throws rolls everything back. */
  async transaction<Result>(work: (manager: EntityManager) => Promise<Result>): Promise<Result> {
    const joint = JointTransaction.current;
    if (joint) return work(joint.manager);
    const runner = await this.queryRunner();
    return inTransaction(runner, () => work(runner.manager));
  }

  /** A connection of the caller's own, who must release it; it is opened with the first use. */
  async queryRunner(): Promise<QueryRunner> {
    return (await this.connected()).createQueryRunner();
  }

  private connected(): Promise<DataSource> {
    this.connecting ??= this.dataSource.initialize().catch((error: unknown) => {
      this.connecting = undefined;
      throw error;
    });
    return this.connecting;
  }
}
