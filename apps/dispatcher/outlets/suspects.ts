import type { Suspicion } from '#libs/providers/kinds';

/** A suspicious answer, and whose it was. Instants are monotonic, in milliseconds. */
export interface Suspect<Message> {
  message: Message;
  /** The phone. */
  recipient: number;
  answer: Suspicion;
  latencyMs: number;
  startedAt: number;
  answeredAt: number;
  /** It may be about everybody. */
  witness: boolean;
}

/** Beyond so many the oldest are forgotten: they count as if nobody could judge them. */
const MOST = 10_000;

const NONE: readonly never[] = [];

/**
 * The suspicious answers that nobody has judged yet. Another recipient that is served judges them in two steps:
 *
 * - When its request started later than theirs, they are no sign of an outage any more.
 * - When its request started after their answers had come, they were their messages' own. That is later, so that a
 *   token which became wrong meanwhile is not counted against those who were the first to hear of that.
 */
export class Suspects<Message extends { id: number }> {
  /** By message: only its last answer is judged. */
  private readonly suspects = new Map<number, Suspect<Message>>();
  /** When the witnesses that count started, by recipient. */
  private readonly witnesses = new Map<number, Suspect<Message>>();

  add(suspect: Suspect<Message>): void {
    this.suspects.delete(suspect.message.id);
    this.suspects.set(suspect.message.id, suspect);
    if (suspect.witness) this.witnesses.set(suspect.recipient, suspect);
    if (this.suspects.size <= MOST) return;
    for (const oldest of this.suspects.keys()) {
      this.suspects.delete(oldest);
      break;
    }
  }

  /** Those that agree, each of another recipient, with nobody served since. */
  get agreeing(): Suspect<Message>[] {
    return [...this.witnesses.values()];
  }

  /** How many agree. */
  get agreement(): number {
    return this.witnesses.size;
  }

  /** Another recipient was served by a request that started at `startedAt`; returns the answers that were their own. */
  judge(recipient: number, startedAt: number): readonly Suspect<Message>[] {
    if (this.suspects.size === 0) return NONE;
    for (const [other, witness] of this.witnesses) {
      if (other !== recipient && witness.startedAt < startedAt) this.witnesses.delete(other);
    }
    const own: Suspect<Message>[] = [];
    for (const [id, suspect] of this.suspects) {
      // They are in the order of their answers.
      if (suspect.answeredAt >= startedAt) break;
      if (suspect.recipient === recipient) continue;
      this.suspects.delete(id);
      own.push(suspect);
    }
    return own;
  }

  /** Nothing counts against anybody. */
  clear(): void {
    this.suspects.clear();
    this.witnesses.clear();
  }
}
