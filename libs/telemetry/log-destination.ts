import { destination, type DestinationStream } from 'pino';
import { prettyFactory } from 'pino-pretty';
import { redactor } from './log-redaction.js';

export interface LogSettings {
  level: string;
  /** `auto`: pretty in a terminal, JSON lines anywhere else. */
  format: 'auto' | 'json' | 'pretty';
}

/** Standard output, with secrets taken out of each line. Written at once, so that a crash loses no line. */
export function logDestination(settings: LogSettings, secrets: readonly string[]): DestinationStream {
  const output = destination({ dest: 1, sync: true });
  const redact = redactor(secrets);
  const isPretty = settings.format === 'pretty' || (settings.format === 'auto' && process.stdout.isTTY);
  if (!isPretty) return { write: (line) => output.write(redact(line)) };
  const prettify = prettyFactory({
    colorize: process.stdout.isTTY,
    singleLine: true,
    ignore: 'pid,app',
    translateTime: 'SYS:HH:MM:ss.l',
  });
  return { write: (line) => output.write(prettify(redact(line))) };
}
