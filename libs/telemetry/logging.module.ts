import type { DynamicModule } from '@nestjs/common';
import { LoggerModule } from 'nestjs-pino';
import { type DestinationStream, type Logger, pino, stdSerializers, stdTimeFunctions } from 'pino';
import { maskFields, maskWords } from '#libs/masking';
import { type LineKind, LineLimit } from './line-limit.js';
import { logContextFields } from './log-context.js';
import { logDestination, type LogSettings } from './log-destination.js';

export interface LoggingOptions {
  /** The application's name, in each line. */
  app: string;
  log: LogSettings;
  /** What must never be in a line, such as keys and tokens, beside what looks like a secret by its form. */
  secrets: readonly string[];
}

/** pino's numbers of the levels. */
const INFO = 30;
const WARN = 40;
const ERROR = 50;

/** What comes with each failure is told by a few; of batches and pages, many are written in a good second too. */
const WARNINGS = { ofOneKind: 10, inAll: 100 };
const NOTES = { ofOneKind: 100, inAll: 200 };

/** Milliseconds. */
const LIMIT_EVERY = 1_000;

const nothing = {};

/** Nest's own report of what it has put together, a line for each module and route. */
const assembly = new Set(['NestFactory', 'InstanceLoader', 'RoutesResolver', 'RouterExplorer']);

/**
 * Logs of pino: one JSON object a line, with `requestId`, `mailingId`, `messageId`, `clientId`, `batchId` and
 * `dispatcherId` as fields of its own where they are known. Requests get their lines from `HttpTelemetry` and
 * `NatsTelemetry`; nestjs-pino's middleware would not see those that are refused before Nest is reached.
 */
export function loggingModule({ app, log, secrets }: LoggingOptions): DynamicModule {
  const logger = lineLogger(app, log, logDestination(log, secrets));
  return LoggerModule.forRoot({ forRoutes: [], pinoHttp: { logger, serializers: { err: maskFields } } });
}

/**
 * The logger that all others are made of. Lines are limited a second, or a provider that fails would fill a
 * disk with a line for each of its failures and for each batch of retries; what was left out is told in
 * numbers. Nothing is left out where each message has its line anyway (`debug`), nor of the requests that were
 * answered well.
 */
export function lineLogger(app: string, { level }: LogSettings, destination: DestinationStream): Logger {
  const limits = { warnings: new LineLimit(WARNINGS), notes: new LineLimit(NOTES) };
  let summing = false;
  const logger = pino(
    {
      level,
      base: { app, pid: process.pid },
      timestamp: stdTimeFunctions.isoTime,
      mixin: () => logContextFields() ?? nothing,
      // A line that has the request's id is the request's own, and has all else that is known of it too.
      mixinMergeStrategy: (line, known) =>
        known === nothing || 'requestId' in line ? line : { ...known, ...line },
      formatters: { level: (label) => ({ level: label }) },
      // A database's error quotes values, and its fields hold the parameters of the statement.
      serializers: { err: maskError, error: maskFields, reason: maskFields },
      hooks: {
        logMethod(args, method, number) {
          // Warnings are made of others' words, and say them in the line itself as well.
          const given = number < WARN ? args : (args.map(maskLine) as typeof args);
          const verbose = this.isLevelEnabled('debug');
          const isAssembly = number === INFO && assembly.has(contextOf(args[0]));
          if (!verbose && isAssembly) return;
          const kind = kindOf(args, number);
          if (verbose || summing || (number < WARN && kind.isRequest)) return method.apply(this, given);
          const limit = number < WARN ? limits.notes : limits.warnings;
          if (!limit.isCounting) setTimeout(sumUp, LIMIT_EVERY, limit).unref();
          if (limit.admits(kind)) method.apply(this, given);
        },
      },
    },
    destination,
  );

  const sumUp = (limit: LineLimit): void => {
    summing = true;
    for (const { kind, count } of limit.end()) {
      const { context, result } = kind;
      logger[kind.level >= ERROR ? 'error' : kind.level >= WARN ? 'warn' : 'info']({
        ...(context && { context }),
        ...(result && { result }),
        leftOut: count,
        msg: `${count} more in a second: ${kind.msg}`,
      });
    }
    summing = false;
  };
  return logger;
}

function maskError(error: Error): unknown {
  return maskFields(stdSerializers.err(error));
}

function maskLine(argument: unknown): unknown {
  if (typeof argument === 'string') return maskWords(argument);
  const { msg } = Object(argument) as { msg?: unknown };
  return typeof msg === 'string' ? { ...Object(argument), msg: maskWords(msg) } : argument;
}

function contextOf(line: unknown): string {
  return typeof line === 'object' && line !== null && 'context' in line ? String(line.context) : '';
}

/** `outcome` is what an attempt came to, `code` what a request was answered with. */
function kindOf([first, second]: readonly unknown[], level: number): LineKind & { isRequest: boolean } {
  const fields: { msg?: unknown; err?: unknown; outcome?: unknown; code?: unknown } =
    typeof first === 'object' && first !== null ? first : {};
  const words: unknown[] = [first, fields.msg, second, messageOf(fields.err)];
  const msg = words.find((word) => typeof word === 'string') ?? '';
  const result = typeof fields.outcome === 'string' ? fields.outcome : messageOf(fields.code);
  return { level, context: contextOf(first), msg, result, isRequest: fields.code !== undefined };
}

function messageOf(value: unknown): string {
  if (value instanceof Error) return value.message;
  return typeof value === 'number' ? String(value) : '';
}
