export { type Finding, type HealthCheck, type HealthClass, healthClasses } from './check.js';
export { migrationsCheck, postgresCheck } from './database-checks.js';
export { HealthModule, type HealthModuleOptions } from './health.module.js';
export { type Asking, type HealthReport, HealthService, type MayKnowDetails } from './health.service.js';
export { natsCheck, workStreamCheck } from './nats-checks.js';
export { replicaChecks } from './replica-check.js';
export { reachabilityCheck } from './reachability-check.js';
