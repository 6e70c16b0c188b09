import { type DynamicModule, Inject, Logger, Module, type OnApplicationShutdown } from '@nestjs/common';
import type { DispatcherConfig } from '#libs/config';
import { Sql } from '#libs/database';

/** Milliseconds; the longest statement is a page of planning. */
const STATEMENT_TIMEOUT = 60_000;

/** The dispatcher's one pool of connections. */
@Module({})
export class SqlModule implements OnApplicationShutdown {
  static forRoot(config: DispatcherConfig): DynamicModule {
    const logger = new Logger('Postgres');
    const sql = {
      provide: Sql,
      useFactory: () =>
        new Sql({
          ...config.database,
          applicationName: 'ems-dispatcher',
          statementTimeoutMs: STATEMENT_TIMEOUT,
          byIndexOnly: true,
          onConnectionLost: (error) => logger.warn({ msg: 'a connection was lost', error: String(error) }),
        }),
    };
    return { module: SqlModule, global: true, providers: [sql], exports: [sql] };
  }

  constructor(@Inject(Sql) private readonly sql: Sql) {}

  /** The last hook of a shutdown: the engine has let go of everything by then. */
  async onApplicationShutdown(): Promise<void> {
    await this.sql.close();
  }
}
