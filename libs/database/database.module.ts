import { type DynamicModule, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { JointTransactions } from './joint-transactions.js';
import { typeOrmOptions } from './migrations.js';
import { Orm } from './orm.js';
import { Sql, type SqlOptions, statementTimeouts } from './sql.js';

/**
 * Postgres for a whole application: {@link Sql} for statements written by hand and {@link Orm} for single
 * rows. Neither is connected before it is used, so that the start doesn't wait for Postgres.
 */
@Module({})
export class DatabaseModule implements OnApplicationShutdown {
  /** `poolSize` is what both may open together. */
  static forRoot(options: SqlOptions): DynamicModule {
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
    return {
      module: DatabaseModule,
      global: true,
      imports: [orm],
      providers: [sql, Orm, JointTransactions],
      exports: [sql, Orm, JointTransactions],
    };
  }

  constructor(@Inject(Sql) private readonly sql: Sql) {}

  /** The last hook of a shutdown: by then no request is left that could need a connection. */
  async onApplicationShutdown(): Promise<void> {
    await this.sql.close();
  }
}
