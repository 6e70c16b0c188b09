import type { Misaddressed } from './probe/misaddressed.js';

/**
 * What one request to the provider came to. The kinds say what may have happened to the message, not what is
 * to be done about it: that is the dispatcher's decision. `error` is one short line for people, free of the
 * token, at most {@link MAX_ERROR_LENGTH} characters.
 */
export type Outcome =
  /** The provider has taken the message, now or in an earlier attempt under the same id. */
  | { readonly kind: 'accepted' }
  /** The provider will never take this message. */
  | { readonly kind: 'refused'; readonly httpStatus: number; readonly error: string }
  /** The provider has answered that it did not take the message this time. */
  | { readonly kind: 'notNow'; readonly httpStatus: number; readonly error: string }
  /**
   * Not a byte of the request reached the provider. `withdrawn` if that was our own doing (its latest start had
   * passed, the client is closed), which says nothing about the provider. `misaddressed` if the provider's URL or
   * what it takes to trust its certificate has to be mended; `error` then says how.
   */
  | {
      readonly kind: 'notSent';
      readonly withdrawn?: true | undefined;
      readonly misaddressed?: Misaddressed | undefined;
      readonly error: string;
    }
  /**
   * Less, please: of everybody, or to this recipient (a 429 can mean either). `retryAfterMs` is the provider's own
   * word, if it gave a usable one.
   */
  | {
      readonly kind: 'throttled';
      readonly httpStatus: number;
      readonly retryAfterMs: number | undefined;
      readonly error: string;
    }
  /**
   * The address, the token or the account is wrong and every other message would fare alike, or this recipient may
   * not be sent to. `refuses` if the provider's own body came with it, and its status can be about one person: that
   * refuses the message, should the answer prove to be its own.
   */
  | {
      readonly kind: 'misconfigured';
      readonly httpStatus: number;
      readonly refuses?: true | undefined;
      readonly error: string;
    }
  /**
   * The message may or may not have been taken. `httpStatus` if the head of an answer arrived; `misaddressed` if our
   * URL is the likely reason, which is no proof.
   */
  | {
      readonly kind: 'ambiguous';
      readonly httpStatus?: number | undefined;
      readonly misaddressed?: Misaddressed | undefined;
      readonly error: string;
    };

/** An answer that is about this recipient or about everybody: other recipients decide which. */
export type Suspicion = Extract<Outcome, { kind: 'throttled' | 'misconfigured' }>;

/** One request's outcome and how long it took, in milliseconds with fractions, connecting included. */
export interface Delivery {
  readonly outcome: Outcome;
  readonly latencyMs: number;
}
