import type { DynamicModule } from '@nestjs/common';
import { LoggerModule } from 'nestjs-pino';
import { stdTimeFunctions } from 'pino';
import { logDestination, type LogSettings } from './log-destination.js';

export interface LoggingOptions {
  /** The application's name, in each line. */
  app: string;
  log: LogSettings;
  /** What must never be in a line, such as keys and tokens, beside what looks like a secret by its form. */
  secrets: readonly string[];
}

/**
 * Logs of pino: one JSON object a line, with `requestId`, `mailingId`, `messageId`, `clientId`, `batchId` and
 * `dispatcherId` as fields of its own where they are known. Requests get their lines from `HttpTelemetry` and
 * `NatsTelemetry`; nestjs-pino's middleware would not see those that are refused before Nest is reached.
 */
export function loggingModule({ app, log, secrets }: LoggingOptions): DynamicModule {
  return LoggerModule.forRoot({
    forRoutes: [],
    pinoHttp: [
      {
        level: log.level,
        base: { app, pid: process.pid },
        timestamp: stdTimeFunctions.isoTime,
        formatters: { level: (label) => ({ level: label }) },
      },
      logDestination(log, secrets),
    ],
  });
}
