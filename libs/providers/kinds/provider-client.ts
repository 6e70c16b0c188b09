import type { Delivery } from './outcome.js';

/** Whoever sends a message is asked and told about its request. */
export interface Sending {
  /**
   * Asked in the tick in which the request would be written, `now` on the monotonic clock, which may be long after
   * it was started when a connection has to be made first; false drops it as `notSent`.
   */
  mayStart(now: number): boolean;
  /** What it came to; called once. */
  settled(delivery: Delivery): void;
}

/** One message as the provider gets it: `id` is the idempotency key, `phone` E.164 digits without `+`. */
export interface SendRequest {
  readonly id: number;
  readonly phone: number;
  readonly text: string;
}

export interface SendOptions {
  /** Replaces the client's `timeoutMs`. */
  readonly timeoutMs?: number | undefined;
  /**
   * Instant on the monotonic clock (`performance.now()`, ms) after which the request must not start. What is
   * not written by then is dropped as `notSent`; what is written keeps its whole time for the answer.
   */
  readonly deadline?: number | undefined;
}

/**
 * What each kind of provider is to the dispatcher: a client that sends a message once, whatever its protocol. A kind
 * knows no retries, no pace and no breaker, and puts what came of a request into the words of `Outcome`. The behaviours
 * that every kind has to show are in `test/support/provider-contract.ts`.
 */
export abstract class ProviderClient {
  /** Sends one message once. Never throws: every end is told to `sending`, which may be before this returns. */
  abstract start(request: SendRequest, sending: Sending, options?: SendOptions): void;

  /** Waits for the requests in flight, each within its own time, and closes the connections. */
  abstract close(): Promise<void>;
}
