import type { Socket } from 'node:net';
import type { buildConnector } from 'undici';

/** Where the first digit of a status stands, and the shortest beginning that shows all three. */
const FIRST_DIGIT = 'HTTP/1.1 '.length;

const BEGINNING = 'HTTP/1.1 100'.length;

const ONE = '1'.charCodeAt(0);

/** 1xx but for 101, after which a connection speaks another protocol. */
const INFORMATIONAL = /^HTTP\/1\.[01] 1(?!01)\d\d/;

const END_OF_HEAD = '\r\n\r\n';

/** An informational answer with a longer head than this is left to undici, in bytes. */
const LONGEST_HEAD = 16_384;

/**
 * Makes connections on which informational answers (RFC 9110 §15.2: 100, 102, 103) can't be seen. Any number of them
 * may come before the answer itself, and a client has to read over them even if it did not ask for one. undici ends
 * the connection on a 100, which would leave the message in doubt.
 */
export function withFinalAnswersOnly(connect: buildConnector.connector): buildConnector.connector {
  return (options, callback) => {
    connect(options, (...made) => {
      if (made[0] === null) skipInformational(made[1]);
      callback(...made);
    });
  };
}

/**
 * Looks at what is read from a request's write to the beginning of its answer: one comparison a request. What comes
 * after it is passed on as it is.
 */
function skipInformational(socket: Socket): void {
  const write = socket.write.bind(socket);
  const read = socket.read.bind(socket);
  let awaitsAnswer = false;
  let held: Buffer | undefined;

  socket.write = ((...given: Parameters<typeof write>) => {
    awaitsAnswer = true;
    return write(...given);
  }) as typeof write;

  socket.read = (size?: number): Buffer | null => {
    for (;;) {
      const chunk = read(size) as Buffer | null;
      if (chunk === null || !awaitsAnswer) return chunk;
      const rest = afterInformational(held === undefined ? chunk : Buffer.concat([held, chunk]));
      awaitsAnswer = mayBeInformational(rest);
      if (!awaitsAnswer) {
        held = undefined;
        return rest;
      }
      held = rest;
    }
  };
}

/** What follows the informational answers that are whole. */
function afterInformational(bytes: Buffer): Buffer {
  let rest = bytes;
  while (rest[FIRST_DIGIT] === ONE && INFORMATIONAL.test(rest.toString('latin1', 0, BEGINNING))) {
    const end = rest.indexOf(END_OF_HEAD);
    if (end < 0) break;
    rest = rest.subarray(end + END_OF_HEAD.length);
  }
  return rest;
}

/** Whether an informational answer begins so, of which the rest is still to come. */
function mayBeInformational(bytes: Buffer): boolean {
  const digit = bytes[FIRST_DIGIT];
  if ((digit !== undefined && digit !== ONE) || bytes.length > LONGEST_HEAD) return false;
  const beginning = bytes.toString('latin1', 0, BEGINNING);
  if (beginning.length === BEGINNING) return INFORMATIONAL.test(beginning);
  return ['HTTP/1.1 1', 'HTTP/1.0 1'].some((start) => start.startsWith(beginning.slice(0, start.length)));
}
