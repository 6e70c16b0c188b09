import type { Outcome } from '#libs/provider';

/** Failures in a row, with no answer between them that shows the provider at work. */
const UNREACHABLE_IN_A_ROW = 5;
const FAILING_IN_A_ROW = 20;

/** Milliseconds a throttling provider gets when it does not say how long. */
const THROTTLED_FOR = 1_000;

const trouble = {
  notSent: 'unreachable',
  ambiguous: 'failing',
  throttled: 'throttled',
  misconfigured: 'misconfigured',
} as const;

/** Why the provider counts as down, for people: the kind of trouble, then what was seen. */
export function reasonOf(outcome: Extract<Outcome, { kind: keyof typeof trouble }>): string {
  return `${trouble[outcome.kind]}: ${outcome.error}`;
}

export interface BreakerVerdict {
  reason: string;
  /** Milliseconds the provider itself asked for. */
  retryInMs?: number;
}

/**
 * Decides from outcomes when a provider counts as down: 5 requests in a row that did not reach it, 20 in a
 * row that failed on its side, or one that shows a wrong address, token or too high a pace. A provider that
 * fails every other request is not down; its messages are retried one by one.
 */
export class BreakerEvidence {
  private unreachable = 0;
  private failing = 0;

  /** Undefined as long as there is no reason to stop. */
  note(outcome: Outcome): BreakerVerdict | undefined {
    switch (outcome.kind) {
      case 'accepted':
      case 'refused':
      case 'notNow':
        this.forget();
        return undefined;
      case 'notSent':
        // Our own latest start had passed: that says nothing about the provider.
        if (outcome.withdrawn) return undefined;
        this.unreachable += 1;
        return this.unreachable >= UNREACHABLE_IN_A_ROW ? { reason: reasonOf(outcome) } : undefined;
      case 'ambiguous':
        this.failing += 1;
        return this.failing >= FAILING_IN_A_ROW ? { reason: reasonOf(outcome) } : undefined;
      case 'throttled':
        return {
          reason: reasonOf(outcome),
          retryInMs: outcome.retryAfterMs ?? THROTTLED_FOR,
        };
      case 'misconfigured':
        return { reason: reasonOf(outcome) };
    }
  }

  /** Starts counting anew. */
  forget(): void {
    this.unreachable = 0;
    this.failing = 0;
  }
}
