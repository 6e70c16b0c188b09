/** Whether an error is about reaching Postgres rather than about the statement: worth trying again later. */
export function isConnectionError(error: unknown): boolean {
  const code = sqlState(error);
  if (code === undefined || !/^[0-9A-Z]{5}$/.test(code)) return true;
  // 08: connection exceptions; 57P01-03: shutdown, crash, starting up; 53300: too many connections.
  return code.startsWith('08') || /^57P0[1-5]$/.test(code) || code === '53300';
}

/** Whether a transaction lost against another one, and can be run again as a whole. */
export function isTransient(error: unknown): boolean {
  const code = sqlState(error);
  return code === '40P01' || code === '40001';
}

/** The SQLSTATE of an error from Postgres, or Node's code (`ECONNREFUSED`), if it has one. */
export function sqlState(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : undefined;
}

/** What pg says without any code when there is no connection, or none any more. */
const connectionWords =
  /^(timeout exceeded when trying to connect|Connection terminated|Client has encountered a connection error|Client was closed|Query read timeout|Cannot use a pool after)/;

/** Codes of Node that stand for "not reached". */
const networkCodes = new Set([
  'EAI_AGAIN',
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
]);

/**
 * Whether Postgres was not reached, or left without an answer. Unlike {@link isConnectionError} false for errors that
 * are not known, such as those of the service itself.
 */
export function isUnreachable(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  // What ends a connection, or refuses one: also a wrong password, or a database that is being copied.
  if ('severity' in error && (error.severity === 'FATAL' || error.severity === 'PANIC')) return true;
  const state = sqlState(error);
  if (state === undefined) return connectionWords.test(error.message);
  return networkCodes.has(state) || (/^[0-9A-Z]{5}$/.test(state) && isConnectionError(error));
}

/**
 * Whether Postgres refused what was in the data rather than the statement: class 22 (a number out of range, a text too
 * long or with what no text may hold), class 23 (a constraint).
 */
export function isRefusedData(error: unknown): boolean {
  return /^2[23][0-9A-Z]{3}$/.test(sqlState(error) ?? '');
}
