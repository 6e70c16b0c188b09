export { DatabaseModule } from './database.module.js';
export { missingMigrations, revertMigrations, runMigrations, typeOrmOptions } from './migrations.js';
export { Orm } from './orm.js';
export {
  isConnectionError,
  Sql,
  sqlState,
  type SqlExecutor,
  type SqlOptions,
  type Statement,
} from './sql.js';
