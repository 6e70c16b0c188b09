import type { DestinationStream } from 'pino';

/** Characters; a burst of lines is written in parts of about this. */
const MOST_WAITING = 65_536;

/**
 * Writes lines together that come in one turn of the event loop: each write is a system call, which under load
 * costs more than all else about a line. They wait for no time and for nothing that may not come; a process that
 * ends, by itself, by a signal that it heeds or by an error that nobody caught, writes them first. One that is killed
 * loses those of the turn it was in.
 */
export class LineBatch {
  private waiting = '';

  constructor(private readonly output: DestinationStream) {
    process.once('exit', () => this.flush());
  }

  write(line: string): void {
    if (this.waiting === '') setImmediate(() => this.flush());
    this.waiting += line;
    if (this.waiting.length > MOST_WAITING) this.flush();
  }

  private flush(): void {
    if (this.waiting === '') return;
    const lines = this.waiting;
    this.waiting = '';
    this.output.write(lines);
  }
}
