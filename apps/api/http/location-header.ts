import type { FastifyInstance, FastifyRequest } from 'fastify';

/** Says in the answers to requests that made something where to find that. */
export function nameWhatIsMade(server: FastifyInstance): void {
  server.addHook('preSerialization', (request, reply, made, done) => {
    const location = reply.statusCode === 201 ? locationOf(request, made) : null;
    if (location !== null) void reply.header('location', location);
    done(null, made);
  });
}

/** Where what a request has made is found; null when it made no single thing with an id. */
export function locationOf({ routeOptions }: FastifyRequest, made: unknown): string | null {
  if (typeof made !== 'object' || made === null || !('id' in made)) return null;
  return typeof made.id === 'number' ? `${routeOptions.url}/${made.id}` : null;
}
