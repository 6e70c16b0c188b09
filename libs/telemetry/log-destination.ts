import { destination, type DestinationStream } from 'pino';
import { prettyFactory } from 'pino-pretty';
import { LineBatch } from './line-batch.js';
import { cutLine } from './line-length.js';
import { redactor } from './log-redaction.js';

export interface LogSettings {
  level: string;
  /** `auto`: pretty in a terminal, JSON lines anywhere else. */
  format: 'auto' | 'json' | 'pretty';
}

/** One for the process, however many loggers it has. */
let stdout: LineBatch | undefined;

/**
 * Standard output, with secrets taken out of each line, and cut to a length afterwards: half a secret would not
 * be known for one.
 */
export function logDestination(settings: LogSettings, secrets: readonly string[]): DestinationStream {
  stdout ??= new LineBatch(destination({ dest: 1, sync: true }));
  const output = stdout;
  const redact = redactor(secrets);
  const finish = (line: string) => cutLine(redact(line));
  const isPretty = settings.format === 'pretty' || (settings.format === 'auto' && process.stdout.isTTY);
  if (!isPretty) return { write: (line) => output.write(finish(line)) };
  const prettify = prettyFactory({
    colorize: process.stdout.isTTY,
    singleLine: true,
    ignore: 'pid,app',
    translateTime: 'SYS:HH:MM:ss.l',
  });
  return { write: (line) => output.write(prettify(finish(line))) };
}
