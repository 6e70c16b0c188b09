import type { Outcome } from '../outcome.js';
import { type AnswerBody, readAnswerBody } from './answer-body.js';
import { notSent } from './error-classifier.js';
import { errorLine } from './error-line.js';
import { misaddressOfAnswer } from './misaddressed.js';
import { retryAfterMs } from './retry-after.js';

/** A complete answer of the provider, or of whatever answered in its place. */
export interface Answer {
  readonly status: number;
  /** Undefined when it can't be read, and so can't be the provider's own. */
  readonly body: string | undefined;
  /** Why it can't be read, as "a body that …"; when absent, it was longer than is read. */
  readonly unreadable?: string | undefined;
  /** Names in lower case, as undici gives them. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Whether it came over plain HTTP. */
  readonly plain?: boolean | undefined;
}

export const ACCEPTED: Outcome = Object.freeze({ kind: 'accepted' });

/**
 * Decides what an answer means for the message. `secret` and phones are kept out of the error; `now` (epoch ms) serves a
 * `Retry-After` date in an answer without a `Date`.
 *
 * The rule behind it: only the provider's own body can end a message (accepted or refused), because a proxy,
 * a firewall or a wrong address must not be able to. What nobody has vouched for is misconfigured where the
 * status speaks of our access or address, and ambiguous otherwise. That includes a 400 or 422 without the
 * provider's body: it says nothing about whether the message was taken. A web server that says that its port wants
 * TLS has read nothing of the message. Whether a misconfigured or throttled answer is about everybody or about one
 * recipient is not decided here: other recipients do.
 */
export function classifyAnswer(answer: Answer, secret = '', now = Date.now()): Outcome {
  const { status: httpStatus } = answer;
  const body = answer.body === undefined ? undefined : readAnswerBody(answer.body);
  // The usual answer pays nothing for words that nobody reads.
  if (body?.code === 0 && httpStatus >= 200 && httpStatus < 300) return ACCEPTED;
  const error = errorLine(describe(answer, body, secret), secret);
  switch (httpStatus) {
    case 400: {
      const misaddress = answer.plain === true ? misaddressOfAnswer(answer.body) : undefined;
      if (misaddress !== undefined) return notSent(`HTTP ${httpStatus}`, misaddress, secret);
      break;
    }
    case 401:
    case 402: // The account's trouble, not the message's: it must not fail everyone, whoever says so.
    case 407:
      return { kind: 'misconfigured', httpStatus, error };
    case 403: // Of the account, or of one person who has blocked the sender.
      return body === undefined || body.code === 0
        ? { kind: 'misconfigured', httpStatus, error }
        : { kind: 'misconfigured', httpStatus, refuses: true, error };
    case 404:
    case 405: // Without the provider's body this is a wrong URL.
      if (body === undefined) return { kind: 'misconfigured', httpStatus, error };
      break;
    case 408:
    case 425: // Mostly a proxy's, which does not know how much of the request went through.
      return { kind: 'ambiguous', httpStatus, error };
    case 409: // "Already have this id": an earlier attempt was accepted.
      return body === undefined ? { kind: 'ambiguous', httpStatus, error } : ACCEPTED;
    case 429:
      return { kind: 'throttled', httpStatus, retryAfterMs: waitOf(answer, now), error };
    case 503:
      return answer.headers['retry-after'] === undefined
        ? { kind: 'ambiguous', httpStatus, error }
        : { kind: 'throttled', httpStatus, retryAfterMs: waitOf(answer, now), error };
  }
  switch (Math.floor(httpStatus / 100)) {
    case 2:
      return { kind: body === undefined ? 'ambiguous' : 'notNow', httpStatus, error };
    case 3: // Never followed: it would hand the token and the phone to another address.
      return { kind: 'misconfigured', httpStatus, error };
    case 4: // A 4xx whose body says "code": 0 contradicts itself.
      return { kind: body === undefined || body.code === 0 ? 'ambiguous' : 'refused', httpStatus, error };
    default:
      return { kind: 'ambiguous', httpStatus, error };
  }
}

function waitOf(answer: Answer, now: number): number | undefined {
  const value = first(answer.headers['retry-after']);
  return value === undefined ? undefined : retryAfterMs(value, first(answer.headers['date']), now);
}

function describe(answer: Answer, body: AnswerBody | undefined, secret: string): string {
  const status = `HTTP ${answer.status}`;
  if (body !== undefined) return `${status}, code ${body.code}: ${body.message ?? ''}`;
  const location = first(answer.headers['location']);
  if (location !== undefined) return `${status} to ${location}`;
  if (answer.body === undefined) return `${status} with ${answer.unreadable ?? 'a body that is too long'}`;
  // 100 characters tell a login page from a firewall's; more would only be markup.
  const excerpt = errorLine(answer.body, secret, 100);
  return excerpt === '' ? status : `${status} with an unexpected body: ${excerpt}`;
}

function first(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
