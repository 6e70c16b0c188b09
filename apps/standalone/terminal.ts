/** Prints lines, and keeps one bar below them that changes in place when the output is a real terminal. */
export class Terminal {
  private shownBar = '';

  constructor(private readonly output: NodeJS.WriteStream = process.stdout) {
    // Whoever read our output has gone, as in `npm start | head`: that is no reason to stop.
    output.on('error', () => undefined);
  }

  get isInteractive(): boolean {
    return this.output.isTTY;
  }

  line(text: string): void {
    this.output.write(this.shownBar === '' ? `${text}\n` : `${clearLine}${text}\n${this.shownBar}`);
  }

  /** Only on a real terminal; an empty text ends the bar and leaves the line as it is. */
  bar(text: string): void {
    this.output.write(text === '' ? '\n' : `${clearLine}${text}`);
    this.shownBar = text;
  }
}

/** ECMA-48: to the first column, then erase to the end of the line. */
const clearLine = '\r\u001B[K';
