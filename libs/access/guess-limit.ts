import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance, FastifyRequest } from 'fastify';

/** How many wrong keys may come from one address. */
export interface WrongKeys {
  readonly most: number;
  /** Milliseconds from the first of them on. */
  readonly withinMs: number;
}

const WRONG_KEYS: WrongKeys = { most: 20, withinMs: 60_000 };

/** Addresses that are remembered; the one that was seen least recently is forgotten first. */
const ADDRESSES = 5_000;

export interface GuessLimit {
  /** Counts a wrong key. The seconds to wait when there were too many from its address, else undefined. */
  note(request: FastifyRequest): Promise<number | undefined>;
}

/** Counts wrong keys by address: an IPv4 address, or the /64 that an IPv6 one is of. Add it before the routes. */
export function guessLimit(server: FastifyInstance, { most, withinMs } = WRONG_KEYS): GuessLimit {
  server.register(rateLimit, { global: false, cache: ADDRESSES, max: most, timeWindow: withinMs });
  let count: ReturnType<FastifyInstance['createRateLimit']> | undefined;
  return {
    async note(request) {
      count ??= server.createRateLimit();
      const counted = await count(request);
      return !counted.isAllowed && counted.isExceeded ? Math.max(1, counted.ttlInSeconds) : undefined;
    },
  };
}
