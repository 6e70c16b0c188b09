import type { Outcome } from '../outcome.js';
import { errorLine } from './error-line.js';
import { type Misaddress, misaddressOf, misaddressOfNoHttp, SPEAKS_TLS } from './misaddressed.js';

/** A request that we gave up ourselves before it was sent, for a reason of our own. */
export class RequestWithdrawn extends Error {
  override readonly name = 'RequestWithdrawn';
}

/** undici's codes for a pool that we have closed. */
const CLOSED_BY_US = new Set(['UND_ERR_CLOSED', 'UND_ERR_DESTROYED']);

const HANG_UPS = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']);

/** How far an exchange had come when it broke. */
export interface Progress {
  /** Whether the request had been handed to a connected socket: from then on it may have arrived. */
  readonly written: boolean;
  /** The status, if the head of an answer had arrived. */
  readonly httpStatus?: number | undefined;
  /** Whether it went over plain HTTP. */
  readonly plain?: boolean | undefined;
  /** Whether it went over plain HTTP to a port that speaks TLS. */
  readonly toTls?: boolean | undefined;
}

/**
 * Decides what an exchange without a complete answer means for the message: `notSent` if nothing was written,
 * whatever the error, and `ambiguous` otherwise, again whatever the error, since a reset says nothing about
 * what the other side had read before. One thing does: a TLS alert, from a port that reads no plain HTTP. `secret`
 * is kept out of the error.
 */
export function classifyError(cause: unknown, progress: Progress, secret = ''): Outcome {
  const { written, httpStatus, plain, toTls } = progress;
  if (!written) {
    if (isWithdrawn(cause)) {
      return { kind: 'notSent', withdrawn: true, error: errorLine(describe(cause), secret) };
    }
    return notSent(describe(cause), misaddressOf(cause), secret);
  }
  const misaddress = plain === true ? misaddressOfNoHttp(cause) : undefined;
  if (misaddress !== undefined) return notSent('the answer is a TLS alert', misaddress, secret);
  if (toTls === true) return { ...misaddressedAs(describe(cause), SPEAKS_TLS, secret), kind: 'ambiguous' };
  const head = httpStatus === undefined ? '' : `HTTP ${httpStatus}, then `;
  return { kind: 'ambiguous', httpStatus, error: errorLine(head + describe(cause), secret) };
}

/** Nothing reached the provider; `misaddress` if that is ours to mend. */
export function notSent(what: string, misaddress: Misaddress | undefined, secret: string): Outcome {
  if (misaddress === undefined) return { kind: 'notSent', error: errorLine(what, secret) };
  return { kind: 'notSent', ...misaddressedAs(what, misaddress, secret) };
}

/** What was seen, bounded so that the advice is not what is cut off: a certificate may have dozens of names. */
function misaddressedAs(what: string, { misaddressed, advice }: Misaddress, secret: string) {
  return { misaddressed, error: `${errorLine(what, secret, 150)}; ${advice}` };
}

/** Whether the other side ended the connection, as a server of TLS may do that is spoken to in plain HTTP. */
export function isHangUp(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && HANG_UPS.has(String(cause.code));
}

function isWithdrawn(cause: unknown): boolean {
  if (cause instanceof RequestWithdrawn) return true;
  return cause instanceof Error && 'code' in cause && CLOSED_BY_US.has(String(cause.code));
}

/** `ECONNREFUSED 127.0.0.1:1` for a system error with an address, else the error's own words. */
function describe(cause: unknown): string {
  if (cause instanceof AggregateError && cause.errors.length > 0) {
    // One error for each address of a host name.
    return [...new Set(cause.errors.map((error) => describe(error)))].join(', ');
  }
  if (!(cause instanceof Error)) return String(cause);
  const { code, address, port, hostname, reason } = cause as NodeJS.ErrnoException & {
    address?: string;
    port?: number;
    hostname?: string;
    reason?: string;
  };
  if (code === undefined) return cause.message;
  if (code === 'UND_ERR_SOCKET') return `connection lost (${cause.message})`;
  if (code.startsWith('UND_ERR_')) return cause.message;
  if (address !== undefined) return `${code} ${address}${port === undefined ? '' : `:${port}`}`;
  if (reason !== undefined) return `${code} ${reason}`; // TLS; the message would name OpenSSL's source lines.
  if (hostname !== undefined) return `${code} ${hostname}`;
  return cause.message.includes(code) ? cause.message : `${code} ${cause.message}`;
}
