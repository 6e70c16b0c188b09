import { createServer } from 'node:net';
import { errorCode } from './error-code.js';

/**
 * A TCP port of the loopback interface that nobody listens on right now. Another process may take it before
 * it is used, so whoever binds it must be ready to ask again.
 */
export async function freePort(): Promise<number> {
  return listenOnce('127.0.0.1', 0);
}

/** Whether a server of ours could listen there now; 0 stands for "any" and is always free. */
export async function isPortFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  try {
    await listenOnce(host, port);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EADDRINUSE') return false;
    throw error;
  }
}

function listenOnce(host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ host, port, exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : port));
    });
  });
}
