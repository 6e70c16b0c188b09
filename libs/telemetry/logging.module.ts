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

/** pino's number of the level. */
const INFO = 30;

/** Nest's own report of what it has put together, a line for each module and route. */
const assembly = new Set(['NestFactory', 'InstanceLoader', 'RoutesResolver', 'RouterExplorer']);

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
        hooks: {
          logMethod(args, method, level) {
            const isAssembly = level === INFO && assembly.has(contextOf(args[0]));
            if (!isAssembly || this.isLevelEnabled('debug')) method.apply(this, args);
          },
        },
      },
      logDestination(log, secrets),
    ],
  });
}

function contextOf(line: unknown): string {
  return typeof line === 'object' && line !== null && 'context' in line ? String(line.context) : '';
}
