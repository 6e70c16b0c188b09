import { createHash, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import type { FastifyRequest, onRequestHookHandler } from 'fastify';
import { Problem } from '#libs/problems';

/** Routes that need no key: what operators and their tools look at. Everything else needs one. */
const open = /^\/(docs|docs-json|health|metrics)(\/|$)/;

/**
 * Decides who may ask, before a body is read. With keys, each request to another route than the open ones must
 * carry one. Without keys the service listens on loopback only, and then the `Host` must be loopback too: else
 * a page in the user's browser could reach it under a name of its own that resolves to 127.0.0.1.
 */
export function requestAccess(keys: readonly string[]): onRequestHookHandler {
  const known = keys.map(digest);
  return (request, _reply, done) => {
    if (known.length === 0) done(isFromLoopback(request) ? undefined : foreignHost());
    else done(isOpen(request) || hasKey(request, known) ? undefined : unauthorized());
  };
}

/** Judged by the route that was matched, not by the URL: that can be spelt in many ways. */
function isOpen(request: FastifyRequest): boolean {
  const route = request.routeOptions.url;
  return route === undefined || open.test(route);
}

function hasKey(request: FastifyRequest, known: readonly Buffer[]): boolean {
  const [, key] = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? '') ?? [];
  if (key === undefined) return false;
  const given = digest(key);
  // All are compared, and digests rather than keys, so that the time taken tells nothing.
  return known.map((one) => timingSafeEqual(one, given)).includes(true);
}

function digest(key: string): Buffer {
  return createHash('sha256').update(key).digest();
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

function unauthorized(): Problem {
  return new Problem('unauthorized', 'Send a key of this service as "Authorization: Bearer <key>".');
}

function foreignHost(): Problem {
  return new Problem('forbidden', 'Without API_KEYS this service answers to localhost and 127.0.0.1 only.');
}
