import { callbackify } from 'node:util';
import type { FastifyRequest, onRequestHookHandler } from 'fastify';
import { Problem } from '#libs/problems';
import { rememberCaller } from './caller.js';
import type { GuessLimit } from './guess-limit.js';
import type { KeyRing } from './key-ring.js';

/**
 * Who is answered at a route: those with a key; all, those with a key more fully; or all alike. Only the last are
 * answered whatever wrong keys came before, for the others tell a right key from a wrong one.
 */
export type Openness = 'keyed' | 'fuller with a key' | 'open';

/**
 * Judges the key that a request carries, before its body is read. A right key is let in however many wrong ones came
 * from its address, for behind a proxy all come from one; see {@link callerOf} for whose it is.
 */
export function keyCheck(
  keys: KeyRing,
  guesses: GuessLimit,
  opennessOf: (request: FastifyRequest) => Openness,
): onRequestHookHandler {
  const noteGuess = callbackify((request: FastifyRequest) => guesses.note(request));
  return (request, _reply, done) => {
    const claim = keys.judge(request.headers.authorization);
    if (claim.kind === 'known') {
      rememberCaller(request, claim.name);
      return done();
    }
    const openness = opennessOf(request);
    const refusal = openness === 'keyed' ? unauthorized() : undefined;
    if (claim.kind === 'none') return done(refusal);
    noteGuess(request, (error, wait) => {
      if (error) done(error);
      else done(wait === undefined || openness === 'open' ? refusal : tooManyGuesses(wait));
    });
  };
}

const health = /^\/health(\/ready)?\/?$/;

/** Whether a route, as a pattern rather than a URL, is one of health that tells more to those with a key. */
export function tellsByKey(route: string): boolean {
  return health.test(route);
}

function unauthorized(): Problem {
  return new Problem('unauthorized', 'Send a key of this service as "Authorization: Bearer <key>".');
}

function tooManyGuesses(waitSeconds: number): Problem {
  return Problem.tooMany('Too many wrong keys came from this address: please wait.', waitSeconds);
}
