import type { Outcome } from '#libs/providers/kinds';
import { RefutedWitnesses, type Witnesses } from './refuted-witnesses.js';
import { type Suspect, Suspects } from './suspects.js';
import { isSuspicion, isWitness, mayBeOwn } from './suspicion.js';

/** Failures in a row, with no answer between them that shows the provider at work. */
const UNREACHABLE_IN_A_ROW = 5;

const FAILING_IN_A_ROW = 20;

/** Different recipients with a suspicious answer, and nobody served in between. */
const RECIPIENTS_THAT_AGREE = 8;

/** Milliseconds a throttling provider gets when it does not say how long. */
const THROTTLED_FOR = 1_000;

/** Milliseconds until the first probe after the breaker opened for trouble that may pass by itself. */
const FIRST_PROBE_AFTER = 1_000;

const trouble = {
  notSent: 'unreachable',
  ambiguous: 'failing',
  throttled: 'throttled',
  misconfigured: 'misconfigured',
} as const;

/** Why the provider counts as down, for people: the kind of trouble, then what was seen, or what to do. */
export function reasonOf(outcome: Extract<Outcome, { kind: keyof typeof trouble }>): string {
  const isMisaddressed = 'misaddressed' in outcome && outcome.misaddressed !== undefined;
  return `${isMisaddressed ? 'misaddressed' : trouble[outcome.kind]}: ${outcome.error}`;
}

/** Whether a reason is that of an answer, and so of a provider that is up. */
export function isOfAnAnswer(reason: string | null): boolean {
  return isThrottling(reason) || reason?.startsWith(trouble.misconfigured) === true;
}

/** Whether a reason is that the provider wants us slower. */
function isThrottling(reason: string | null): boolean {
  return reason?.startsWith(trouble.throttled) === true;
}

export interface BreakerVerdict {
  reason: string;
  /** Milliseconds until the first probe: none where another recipient may well be served. */
  retryInMs: number;
  /** Milliseconds that those who agree were told to wait: the shortest of what they were told; 0 without a word. */
  askedForMs: number;
}

/** What breaker evidence needs to know of a message. */
export interface Witness {
  id: number;
  phone: number;
  ownThrottles: number;
  ownRefusals: number;
}

/** One request and what it came to; instants are monotonic, in milliseconds. */
export interface Answered<Message extends Witness> {
  message: Message;
  outcome: Outcome;
  latencyMs: number;
  startedAt: number;
  answeredAt: number;
}

const NONE: readonly never[] = [];

/**
 * Decides from outcomes when a provider counts as down: 5 requests in a row that did not reach it, 20 in a row of
 * more than one recipient that failed on its side, or suspicious answers to 8 different recipients with nobody
 * served in between. A provider that fails every other request is not down; its messages are retried one by one.
 */
export class BreakerEvidence<Message extends Witness> {
  private unreachable = 0;
  private failing = 0;
  private readonly failingRecipients = new Set<number>();
  private readonly suspects = new Suspects<Message>();
  private readonly refuted = new RefutedWitnesses();

  /** Undefined as long as there is no reason to stop. */
  weigh(answered: Answered<Message>): BreakerVerdict | undefined {
    const { outcome, message } = answered;
    switch (outcome.kind) {
      case 'accepted':
      case 'refused':
      case 'notNow':
        this.forgetFailures();
        return undefined;
      case 'notSent':
        // Our own latest start had passed: that says nothing about the provider.
        if (outcome.withdrawn) return undefined;
        this.unreachable += 1;
        if (this.unreachable < UNREACHABLE_IN_A_ROW) return undefined;
        return { reason: reasonOf(outcome), retryInMs: FIRST_PROBE_AFTER, askedForMs: 0 };
      case 'ambiguous':
        this.failing += 1;
        if (this.failingRecipients.size < 2) this.failingRecipients.add(message.phone);
        if (this.failing < FAILING_IN_A_ROW || this.failingRecipients.size < 2) return undefined;
        return { reason: reasonOf(outcome), retryInMs: FIRST_PROBE_AFTER, askedForMs: 0 };
      case 'throttled':
      case 'misconfigured':
        return this.suspect({ ...answered, outcome });
    }
  }

  /**
   * The suspicious answers that prove to be their messages' own, because this one was served by a request that
   * started after them. Each is returned once.
   */
  findOwn({ outcome, message, startedAt }: Answered<Message>): readonly Suspect<Message>[] {
    if (!isService(outcome)) return NONE;
    return this.suspects.judge(message.phone, startedAt);
  }

  /** Whoever is served is believed again, in whichever way it came to that. */
  noteServed({ outcome, message }: Answered<Message>): void {
    if (isService(outcome)) this.refuted.believeAgain(message.phone);
  }

  /** Starts counting anew, and nothing counts against anybody. */
  reset(): void {
    this.forgetFailures();
    this.suspects.clear();
  }

  /** An answer that came when sending had stopped: who gets a suspicious one agrees with those who stopped sending. */
  noteLate({ message, outcome }: Answered<Message>): void {
    if (isSuspicion(outcome) && mayBeOwn(outcome)) this.refuted.testify(message.phone, outcome.kind);
  }

  /**
   * Sending goes on at `now`. Those who agreed that it had to stop, and are returned, are refuted if others were
   * served all the same.
   */
  resumed(areRefuted: boolean, now: number): Witnesses {
    return this.refuted.conclude(areRefuted, now);
  }

  /** Another dispatcher had to stop over these, though others were served. */
  addRefuted(refuted: Witnesses, now: number): void {
    this.refuted.refute(refuted, now);
  }

  private forgetFailures(): void {
    this.unreachable = 0;
    this.failing = 0;
    if (this.failingRecipients.size > 0) this.failingRecipients.clear();
  }

  private suspect({
    message,
    outcome,
    ...when
  }: Answered<Message> & { outcome: Suspect<Message>['answer'] }): BreakerVerdict | undefined {
    const witness =
      isWitness(outcome, message) && !this.refuted.has(message.phone, outcome.kind, when.answeredAt);
    this.suspects.add({ ...when, message, recipient: message.phone, answer: outcome, witness });
    if (this.suspects.agreement < RECIPIENTS_THAT_AGREE) return undefined;
    const { agreeing } = this.suspects;
    const inDoubt = agreeing.filter(({ answer }) => mayBeOwn(answer));
    for (const { recipient, answer } of inDoubt) this.refuted.testify(recipient, answer.kind);
    const askedForMs = Math.min(...agreeing.map(({ answer }) => waitOf(answer)));
    const isAboutAll = inDoubt.length === 0;
    return { reason: reasonOf(outcome), retryInMs: isAboutAll ? askedForMs : 0, askedForMs };
  }
}

/** Whether the provider was at work for this message. */
function isService({ kind }: Outcome): boolean {
  return kind === 'accepted' || kind === 'refused' || kind === 'notNow';
}

/** Milliseconds that a suspicious answer asks everybody to wait, if it is about everybody. */
function waitOf(answer: Suspect<never>['answer']): number {
  return answer.kind === 'throttled' ? (answer.retryAfterMs ?? THROTTLED_FOR) : 0;
}
