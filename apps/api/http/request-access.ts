import { isIP } from 'node:net';
import { callbackify } from 'node:util';
import type { FastifyRequest, onRequestHookHandler } from 'fastify';
import { type GuessLimit, type KeyRing, rememberCaller } from '#libs/access';
import { Problem } from '#libs/problems';

/** Routes that need no key: what operators and their tools look at. Everything else needs one. */
const open = /^\/(docs|docs-json|health|metrics)(\/|$)/;

/**
 * Decides who may ask, before a body is read. With keys, each request to another route than the open ones must
 * carry one; a right key is let in however many wrong ones came from its address, for behind a proxy all come from
 * one. Without keys the service listens on loopback only, and then the `Host` must be loopback too: else a page in
 * the user's browser could reach it under a name of its own that resolves to 127.0.0.1.
 */
export function requestAccess(keys: KeyRing, guesses: GuessLimit): onRequestHookHandler {
  const noteGuess = callbackify((request: FastifyRequest) => guesses.note(request));
  return (request, _reply, done) => {
    if (keys.isEmpty) return done(isFromLoopback(request) ? undefined : foreignHost());
    const claim = keys.judge(request.headers.authorization);
    if (claim.kind === 'known') rememberCaller(request, claim.name);
    const isLetIn = claim.kind === 'known' || isOpen(request);
    if (claim.kind !== 'wrong') return done(isLetIn ? undefined : unauthorized());
    noteGuess(request, (error, wait) => {
      if (error ?? isLetIn) done(error ?? undefined);
      else done(wait === undefined ? unauthorized() : tooManyGuesses(wait));
    });
  };
}

/** Judged by the route that was matched, not by the URL: that can be spelt in many ways. */
function isOpen(request: FastifyRequest): boolean {
  const route = request.routeOptions.url;
  return route === undefined || open.test(route);
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

function tooManyGuesses(waitSeconds: number): Problem {
  return Problem.tooMany('Too many wrong keys came from this address; please wait.', waitSeconds);
}

function foreignHost(): Problem {
  return new Problem('forbidden', 'Without API_KEYS this service answers to localhost and 127.0.0.1 only.');
}
