import type { NestFastifyApplication } from '@nestjs/platform-fastify';

/** The address can't be listened on: one sentence that names the setting. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
}

/** Begins to listen; port 0 takes a free one. Throws {@link ListenError}. */
export async function listen(app: NestFastifyApplication, host: string, port: number): Promise<void> {
  try {
    await app.listen(port, host);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    const reason = reasons.get(code);
    if (reason === undefined) throw error;
    throw new ListenError(reason(host, port), { cause: error });
  }
}

const reasons = new Map<string, (host: string, port: number) => string>([
  [
    'EADDRINUSE',
    (host, port) => `PORT=${port} is in use on ${host}: stop what listens there, or set another PORT.`,
  ],
  [
    'EACCES',
    (_host, port) => `PORT=${port} needs a privilege that this user does not have: set a PORT above 1023.`,
  ],
  ['EADDRNOTAVAIL', (host) => `HOST=${host} is not an address of this machine: set another HOST.`],
  ['ENOTFOUND', (host) => `HOST=${host} cannot be resolved: set an address such as 127.0.0.1.`],
]);
