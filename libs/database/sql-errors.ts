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
