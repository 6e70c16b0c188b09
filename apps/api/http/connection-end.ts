import type { FastifyInstance } from 'fastify';

/**
 * Ends each connection with the answer that is under way when the server closes. Idle ones are closed by then,
 * but a busy one would be kept alive for its client, and the server with it, for more than a minute.
 */
export function endConnectionsAtClose(server: FastifyInstance): void {
  let closing = false;
  server.addHook('preClose', (done) => {
    closing = true;
    done();
  });
  server.addHook('onSend', (_request, reply, payload, done) => {
    if (closing) void reply.header('connection', 'close');
    done(null, payload);
  });
}
