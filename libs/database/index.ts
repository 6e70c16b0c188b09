export { revertMigrations, runMigrations, typeOrmOptions } from './migrations.js';
export {
  isConnectionError,
  Sql,
  sqlState,
  type SqlExecutor,
  type SqlOptions,
  type Statement,
} from './sql.js';
