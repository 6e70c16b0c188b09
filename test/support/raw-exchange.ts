import { connect } from 'node:net';

/**
 * Sends bytes to a port of this machine and reads until the other side ends the connection; rejects when it does not
 * within the milliseconds.
 */
export function exchange(
  port: number,
  bytes: Buffer,
  { andNoMore = false, withinMs = 2_000 }: { andNoMore?: boolean; withinMs?: number } = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let answer = '';
    socket.setTimeout(withinMs, () => socket.destroy(new Error(`no end in time, but ${answer}`)));
    socket.setEncoding('latin1').on('data', (chunk: string) => (answer += chunk));
    socket.once('close', () => resolve(answer));
    // What was answered before a reset still counts.
    socket.once('error', (error) => (answer === '' ? reject(error) : resolve(answer)));
    socket.write(bytes);
    if (andNoMore) socket.end();
  });
}

export interface RawAnswer {
  status: number;
  headers: Map<string, string>;
  body: string;
}

/** Takes the bytes of one answer apart. */
export function readAnswer(bytes: string): RawAnswer {
  const [head = '', body = ''] = bytes.split('\r\n\r\n', 2);
  const [statusLine = '', ...lines] = head.split('\r\n');
  const headers = new Map(
    lines.map((line) => {
      const [name = '', value = ''] = line.split(/: (.*)/s);
      return [name.toLowerCase(), value];
    }),
  );
  return { status: Number(statusLine.split(' ')[1]), headers, body };
}
