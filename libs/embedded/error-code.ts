/** What Node or Postgres calls an error by, such as `EADDRINUSE` or `57P03`; undefined if it has no code. */
export function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
