import type { WaitingMessage } from '#libs/queue/lease';
import type { AttemptOutcome, MessageOutcome, RetrySource } from '#libs/queue/record';

/** What a request for a message came to, as the dispatcher would record it. */
type Message = Pick<WaitingMessage, 'id'> & Partial<WaitingMessage>;

/** An instant that all of these share unless a test says otherwise; epoch milliseconds. */
const AT = Date.UTC(2030, 0, 1);

export function sent(source: RetrySource, message: Message, at = AT): MessageOutcome {
  return { ...basics(source, message), becomes: 'sent', at };
}

/** The provider refused it for good. */
export function failed(source: RetrySource, message: Message): MessageOutcome {
  return { ...basics(source, message), becomes: 'failed', ...logged('refused', 422, 'no such number') };
}

/** The provider answered that it did not take it; it is retried at `retryAt`. */
export function notNow(source: RetrySource, message: Message, retryAt: number): MessageOutcome {
  return { ...basics(source, message), becomes: 'pending', retryAt, ...logged('notNow', 200, 'busy') };
}

/** The provider may have taken it; it is retried at `retryAt`. */
export function ambiguous(source: RetrySource, message: Message, retryAt: number): MessageOutcome {
  return {
    ...basics(source, message),
    becomes: 'pending',
    retryAt,
    inDoubtSince: AT,
    ...logged('ambiguous', 500, 'no answer'),
  };
}

/** The provider may have taken it, and it was the last attempt. */
export function unknown(source: RetrySource, message: Message): MessageOutcome {
  return {
    ...basics(source, message),
    becomes: 'unknown',
    inDoubtSince: AT,
    ...logged('ambiguous', 500, 'no answer'),
  };
}

function basics(source: RetrySource, { id, attempts = 0 }: Message) {
  return { messageId: id, source, number: attempts + 1, attempts: attempts + 1, at: AT };
}

function logged(outcome: AttemptOutcome, httpStatus: number, error: string) {
  return { error, attempt: { outcome, httpStatus, latencyMs: 12.6 } };
}
