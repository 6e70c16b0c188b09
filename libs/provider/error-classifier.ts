import { errorLine } from './error-line.js';
import type { Outcome } from './outcome.js';

/** A request that we gave up ourselves before it was sent, for a reason of our own. */
export class RequestWithdrawn extends Error {
  override readonly name = 'RequestWithdrawn';
}

/** undici's codes for a pool that we have closed. */
const CLOSED_BY_US = new Set(['UND_ERR_CLOSED', 'UND_ERR_DESTROYED']);

/** How far an exchange had come when it broke. */
export interface Progress {
  /** Whether the request had been handed to a connected socket: from then on it may have arrived. */
  readonly written: boolean;
  /** The status, if the head of an answer had arrived. */
  readonly httpStatus?: number | undefined;
}

/**
 * Decides what an exchange without a complete answer means for the message: `notSent` if nothing was written,
 * whatever the error, and `ambiguous` otherwise, again whatever the error, since a reset says nothing about
 * what the other side had read before. `secret` is kept out of the error.
 */
export function classifyError(cause: unknown, progress: Progress, secret = ''): Outcome {
  const { written, httpStatus } = progress;
  if (!written) {
    const error = errorLine(describe(cause), secret);
    return isWithdrawn(cause) ? { kind: 'notSent', withdrawn: true, error } : { kind: 'notSent', error };
  }
  const head = httpStatus === undefined ? '' : `HTTP ${httpStatus}, then `;
  return { kind: 'ambiguous', httpStatus, error: errorLine(head + describe(cause), secret) };
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
