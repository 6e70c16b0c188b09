export { Logger, PinoLogger } from 'nestjs-pino';
export { type Backlog, DispatcherMetrics, type DispatcherState } from './dispatcher-metrics.js';
export type { LogSettings } from './log-destination.js';
export { redactor } from './log-redaction.js';
export type { LoggingOptions } from './logging.module.js';
export { NatsTelemetry } from './nats-telemetry.js';
export { requestIdFrom } from './request-id.js';
export { subjectIds, type SubjectIds } from './subject-ids.js';
export { TelemetryModule, type TelemetryOptions } from './telemetry.module.js';
