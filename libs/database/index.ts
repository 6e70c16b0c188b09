export { DatabaseModule, type DatabaseOptions } from './database.module.js';
export { missingMigrations, revertMigrations, runMigrations, typeOrmOptions } from './migrations.js';
export { afterCommit, requireNoJointTransaction } from './joint-transaction.js';
export { type JointOptions, JointTransactions } from './joint-transactions.js';
export { Orm } from './orm.js';
export { ReadSql } from './read-sql.js';
export { isConnectionError, sqlState } from './sql-errors.js';
export { numberArray, type SqlExecutor, type Statement } from './sql-executor.js';
export { Sql, type SqlOptions } from './sql.js';
