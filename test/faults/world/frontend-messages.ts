/**
 * Reads what a client of Postgres says (protocol 3.0, "Message Formats" in the manual) just far enough to know
 * the statements it asks for: the name of a prepared one in Bind, the text of a simple one in Query.
 */
export class FrontendMessages {
  private rest: Buffer = Buffer.alloc(0);
  private started = false;

  /** The statements asked for in the messages that this chunk completes. */
  read(chunk: Buffer): string[] {
    this.rest = Buffer.concat([this.rest, chunk]);
    const statements: string[] = [];
    for (;;) {
      // The first message alone has no type: it only has a length.
      const header = this.started ? 1 : 0;
      if (this.rest.length < header + 4) return statements;
      const end = header + this.rest.readUInt32BE(header);
      if (this.rest.length < end) return statements;
      const statement = this.started ? statementOf(this.rest.subarray(0, end)) : undefined;
      if (statement !== undefined) statements.push(statement);
      this.started = true;
      this.rest = this.rest.subarray(end);
    }
  }
}

function statementOf(message: Buffer): string | undefined {
  switch (message.toString('latin1', 0, 1)) {
    case 'B': // The portal's name comes first.
      return textFrom(message, message.indexOf(0, 5) + 1);
    case 'Q':
      return textFrom(message, 5);
    default:
      return undefined;
  }
}

function textFrom(message: Buffer, start: number): string {
  return message.toString('utf8', start, message.indexOf(0, start));
}
