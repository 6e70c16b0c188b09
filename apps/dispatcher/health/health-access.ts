import type { FastifyInstance } from 'fastify';
import { guessLimit, keyCheck, KeyRing, tellsByKey } from '#libs/access';
import type { ApiKey } from '#libs/config';

/**
 * Judges the keys of those who ask for health and counts the wrong ones, as the API does. Nothing here needs a key.
 * Call it before the routes are made.
 */
export function judgeKeys(server: FastifyInstance, apiKeys: readonly ApiKey[]): void {
  const check = keyCheck(new KeyRing(apiKeys), guessLimit(server), (request) =>
    tellsByKey(request.routeOptions.url ?? '') ? 'fuller with a key' : 'open',
  );
  server.addHook('onRequest', check);
}
