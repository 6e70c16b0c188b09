import { Injectable } from '@nestjs/common';
import {
  DataSource,
  type EntityManager,
  type EntityTarget,
  type ObjectLiteral,
  type Repository,
} from 'typeorm';

/**
 * TypeORM's repositories, connected on first use: the process starts while Postgres is away, what needs it
 * fails with the connection's own error, and the next call tries again. A connection that is lost later is
 * replaced by TypeORM's pool.
 */
@Injectable()
export class Orm {
  private connecting: Promise<DataSource> | undefined;

  constructor(private readonly dataSource: DataSource) {}

  async repository<Entity extends ObjectLiteral>(entity: EntityTarget<Entity>): Promise<Repository<Entity>> {
    return (await this.connected()).getRepository(entity);
  }

  /** Runs `work` in one transaction; what it throws rolls everything back. */
  async transaction<Result>(work: (manager: EntityManager) => Promise<Result>): Promise<Result> {
    return (await this.connected()).transaction(work);
  }

  private connected(): Promise<DataSource> {
    this.connecting ??= this.dataSource.initialize().catch((error: unknown) => {
      this.connecting = undefined;
      throw error;
    });
    return this.connecting;
  }
}
