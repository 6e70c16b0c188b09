import { isIP } from 'node:net';
import type { FastifyRequest, onRequestHookHandler } from 'fastify';
import { type GuessLimit, keyCheck, type KeyRing, type Openness, tellsByKey } from '#libs/access';
import { Problem } from '#libs/problems';

/** Routes that need no key: what operators and their tools look at. Everything else needs one. */
const open = /^\/(docs|docs-json|health|metrics)(\/|$)/;

/**
 * Decides who may ask, before a body is read. With keys, each request to another route than the open ones must carry
 * one. Without keys the service listens on loopback only, and then the `Host` must be loopback too: else a page in
 * the user's browser could reach it under a name of its own that resolves to 127.0.0.1.
 */
export function requestAccess(keys: KeyRing, guesses: GuessLimit): onRequestHookHandler {
  if (!keys.isEmpty) return keyCheck(keys, guesses, opennessOf);
  return (request, _reply, done) => done(isFromLoopback(request) ? undefined : foreignHost());
}

/** Judged by the route that was matched, not by the URL: that can be spelt in many ways. */
function opennessOf(request: FastifyRequest): Openness {
  const route = request.routeOptions.url;
  if (route === undefined) return 'open';
  if (tellsByKey(route)) return 'fuller with a key';
  return open.test(route) ? 'open' : 'keyed';
}

/** A caller names the same host in all that it asks; to take the name apart costs more than to route the request. */
let lastHost: { name: string; isLoopback: boolean } | undefined;

function isFromLoopback({ headers: { host = '' } }: FastifyRequest): boolean {
  if (host !== lastHost?.name) lastHost = { name: host, isLoopback: isLoopback(host) };
  return lastHost.isLoopback;
}

function isLoopback(host: string): boolean {
  const address = `http://${host}`;
  const name = URL.canParse(address) ? new URL(address).hostname : '';
  return name === 'localhost' || name === '[::1]' || (isIP(name) === 4 && name.startsWith('127.'));
}

function foreignHost(): Problem {
  return new Problem(
    'forbidden',
    'Without API_KEYS, this service answers only requests to localhost or another loopback address.',
  );
}
