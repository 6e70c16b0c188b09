import type { FieldError, ProblemDocument } from './problem-document.js';
import { problemKinds, problemType, type ProblemKind } from './problem-kinds.js';

export interface ProblemOptions {
  errors?: readonly FieldError[];
  /** When it is worth trying again, in seconds. */
  retryAfterSeconds?: number;
  cause?: unknown;
}

/**
 * What a service throws when it refuses to do something, whoever asked: over HTTP it becomes an
 * `application/problem+json` answer, over NATS the body of the error reply. `detail` is for the caller, so it
 * never says anything about our inside.
 */
export class Problem extends Error {
  override readonly name = 'Problem';

  constructor(
    readonly kind: ProblemKind,
    readonly detail: string,
    private readonly options: ProblemOptions = {},
  ) {
    super(detail, { cause: options.cause });
  }

  /** The input can't be accepted; each error names the field by its path, such as `audience.tags[0]`. */
  static invalid(errors: readonly FieldError[]): Problem {
    return new Problem('invalid-input', summary(errors), { errors });
  }

  /** There is no such thing, or not any more. */
  static notFound(what: string, id: number): Problem {
    return new Problem('not-found', `There is no ${what} with the id ${id}.`);
  }

  /** It can't be done in the present state; `errors` when a field of the input is what stands in the way. */
  static conflict(detail: string, errors: readonly FieldError[] = []): Problem {
    return new Problem('conflict', detail, errors.length > 0 ? { errors } : {});
  }

  /** The caller has to wait for so many seconds. */
  static tooMany(detail: string, retryAfterSeconds: number): Problem {
    return new Problem('too-many-requests', detail, { retryAfterSeconds });
  }

  /** Nothing is wrong with the request, but it can't be served for the moment; surely nothing was changed. */
  static unavailable(detail: string, cause?: unknown): Problem {
    return new Problem('unavailable', detail, { retryAfterSeconds: 1, cause });
  }

  /**
   * The change may have been made, now or in a moment. Without a time to try again: a caller that just repeats the
   * request may make the change twice.
   */
  static outcomeUnknown(cause?: unknown): Problem {
    return new Problem(
      'outcome-unknown',
      'The database did not confirm whether the change was made. Retry with the same Idempotency-Key, or read the resource before you repeat the request.',
      { cause },
    );
  }

  get status(): number {
    return problemKinds[this.kind].status;
  }

  /** The problem as RFC 9457 has it; `instance` and `requestId` are added by whoever answers. */
  toDocument(): ProblemDocument {
    const { title, status } = problemKinds[this.kind];
    const { errors, retryAfterSeconds } = this.options;
    return {
      type: problemType(this.kind),
      title,
      status,
      detail: this.detail,
      ...(errors && { errors: [...errors] }),
      ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
    };
  }
}

/** How many errors the one-line summary spells out. */
const SPELLED_OUT = 3;

function summary(errors: readonly FieldError[]): string {
  const spelled = errors
    .slice(0, SPELLED_OUT)
    .map(({ path, message }) => `${path === '' ? 'the payload' : path} ${message}`);
  const more = errors.length - spelled.length;
  return `${spelled.join('; ')}${more > 0 ? `; and ${more} more` : ''}.`;
}
