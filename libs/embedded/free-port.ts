import { randomInt } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { createServer } from 'node:net';
import { errorCode } from './error-code.js';

/**
 * Below the range from which systems take the ports of outgoing connections (32768 and up on Linux, 49152 on
 * others). A server's port inside that range may be gone when the server is started again on it, or, worse,
 * answer its own clients: a connection to a closed port of that range now and then meets itself.
 */
const lowest = 20_000;
const highest = 32_000;

/**
 * A TCP port of the loopback interface that nobody listens on right now, and that nobody else is given here
 * while this process lives: the server it is for may listen on it much later. A program that takes its ports in
 * another way may be first all the same, so whoever binds it must be ready to ask again.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(lowest, highest);
    // First, as to look whether a port is free is to listen there, and its owner may want to at that moment.
    const reservation = await reserve(port);
    if (reservation === undefined) continue;
    if (await isPortFree(port)) return port;
    reservation.close();
  }
}

/**
 * Takes the UDP port of the same number, which none of our servers uses, for as long as this process lives: the
 * system keeps that list for all processes and forgets those that are killed. Undefined if another one has it.
 */
function reserve(port: number): Promise<Socket | undefined> {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4').unref();
    socket.once('error', (error) => {
      socket.close();
      if (errorCode(error) === 'EADDRINUSE') resolve(undefined);
      else reject(error);
    });
    socket.bind({ port, address: '127.0.0.1', exclusive: true }, () => resolve(socket));
  });
}

/** Whether a server of ours could listen there now. Throws if the address itself is not ours to listen on. */
export function isPortFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error) => {
      if (errorCode(error) === 'EADDRINUSE') resolve(false);
      else reject(error);
    });
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
