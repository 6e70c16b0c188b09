import { type DynamicModule, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { JointTransactions } from './joint-transactions.js';
import { typeOrmOptions } from './migrations.js';
import { Orm } from './orm.js';
import { ReadSql } from './read-sql.js';
import { Sql, type SqlOptions, statementTimeouts } from './sql.js';

export interface DatabaseOptions extends SqlOptions {
  /** A replica for lists and statistics; without it they are read where everything is. */
  readUrl?: string | undefined;
}

/**
 * Postgres for a whole application: {@link Sql} for statements written by hand, {@link Orm} for single rows and
 * {@link ReadSql} for lists and statistics. None is connected before it is used, so that the start doesn't wait
 * for Postgres.
 */
@Module({})
export class DatabaseModule implements OnApplicationShutdown {
  /** `poolSize` is what the first two may open together, and as many more go to the replica. */
  static forRoot({ readUrl, ...options }: DatabaseOptions): DynamicModule {
    const ormPoolSize = Math.floor(options.poolSize / 2);
    const orm = TypeOrmModule.forRoot({
      ...typeOrmOptions(options.url),
      applicationName: options.applicationName,
      poolSize: ormPoolSize,
      autoLoadEntities: true,
      installExtensions: false,
      manualInitialization: true,
      extra: options.statementTimeoutMs ? statementTimeouts(options.statementTimeoutMs) : {},
    });
    const sql = {
      provide: Sql,
      useFactory: () => new Sql({ ...options, poolSize: options.poolSize - ormPoolSize }),
    };
    const readSql = {
      provide: ReadSql,
      useFactory: (primary: Sql) =>
        new ReadSql(primary, readUrl === undefined ? undefined : new Sql({ ...options, url: readUrl })),
      inject: [Sql],
    };
    return {
      module: DatabaseModule,
      global: true,
      imports: [orm],
      providers: [sql, readSql, Orm, JointTransactions],
      exports: [sql, readSql, Orm, JointTransactions],
    };
  }

  constructor(
    @Inject(Sql) private readonly sql: Sql,
    @Inject(ReadSql) private readonly readSql: ReadSql,
  ) {}

  /** The last hook of a shutdown: by then no request is left that could need a connection. */
  async onApplicationShutdown(): Promise<void> {
    await Promise.all([this.sql.close(), this.readSql.close()]);
  }
}
