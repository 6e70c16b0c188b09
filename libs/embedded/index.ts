export { errorCode } from './error-code.js';
export { freePort, isPortFree } from './free-port.js';
export { ensureNatsServer } from './nats-binary.js';
export { startNats, stopLeftoverNats, type NatsOptions } from './nats-server.js';
export { postgresHome } from './postgres-home.js';
export {
  postgresPasswordFile,
  startPostgres,
  stopLeftoverPostgres,
  type PostgresOptions,
} from './postgres-server.js';
export { commandLineOf, parentOf, runningPid, startOf, stopPid } from './process-identity.js';
export { boundServerLog, openServerLog } from './server-log.js';
export type { EmbeddedServer } from './server-process.js';
