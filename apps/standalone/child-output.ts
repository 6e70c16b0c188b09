import type { Readable } from 'node:stream';
import { maskWords } from '#libs/masking';
import { levelOf, parseLogLine, shortForm, type LogEntry } from './log-line.js';
import type { LogWriter } from './log-writer.js';
import type { RepeatLimit } from './repeat-limit.js';

const warn = 40;
const errorLinesShown = 12;

/** What pino writes first in a line that the terminal need not show: the quick way past most lines. */
const quietStart = /^\{"level":(?:[123]0|"(?:trace|debug|info)"),/;

type OwnLevel = 'info' | 'error' | 'fatal';

/** Sends what the applications print to the log files, and what is worth a look to the terminal as well. */
export class ChildOutput {
  constructor(
    private readonly writer: LogWriter,
    private readonly terminal: RepeatLimit,
  ) {}

  /** Takes over both output streams of an application. */
  follow(service: string, output: Readable, errors: Readable): void {
    let unfinished = '';
    output.setEncoding('utf8');
    output.on('data', (text: string) => {
      const lines = (unfinished + text).split('\n');
      unfinished = lines.pop() ?? '';
      this.takeLines(service, lines);
    });
    output.on('end', () => this.takeLines(service, unfinished === '' ? [] : [unfinished]));
    errors.setEncoding('utf8');
    errors.on('data', (text: string) => this.takeError(service, text.trim()));
  }

  /** An entry for the log files alone: one of our own, or text that an application wrote beside its log. */
  record(service: string, level: OwnLevel, msg: string): LogEntry {
    const entry = entryOf(service, level, msg);
    this.writer.write(`${JSON.stringify(entry)}\n`);
    return entry;
  }

  /** A stack trace comes at once; its first line alone says too little. */
  private takeError(service: string, text: string): void {
    const entry = this.record(service, 'error', text);
    const [, ...more] = entry.msg.split('\n').slice(0, errorLinesShown);
    this.show(entry, more);
  }

  private takeLines(service: string, lines: readonly string[]): void {
    if (lines.length === 0) return;
    const marked = lines.map((line) => {
      if (!line.startsWith('{"')) return JSON.stringify(entryOf(service, 'info', line));
      if (!quietStart.test(line))
        this.show({ ...(parseLogLine(line) ?? { level: warn, msg: line }), service });
      return `{"service":"${service}",${line.slice(1)}`;
    });
    this.writer.write(`${marked.join('\n')}\n`);
  }

  private show(entry: LogEntry, more: readonly string[] = []): void {
    if (levelOf(entry) < warn) return;
    const kind = `${entry.service} ${entry.level} ${entry.msg.replace(/\d+/g, '#')}`;
    const title = `${entry.service} ${entry.msg.split('\n', 1)[0]}`;
    this.terminal.show(kind, [shortForm(entry), ...more].join('\n'), title);
  }
}

function entryOf(service: string, level: OwnLevel, msg: string): LogEntry {
  // Our own notes name processes; what others print, and how they end, may quote anything.
  const words = service === 'standalone' && level === 'info' ? msg : maskWords(msg);
  return { service, level, time: new Date().toISOString(), msg: words };
}
