import type { WaitingMessage } from '#libs/queue/lease';

/** Messages to be granted together, in the order of their ids. */
export type Slice<GrantedMessage extends WaitingMessage> =
  /** For the first time. */
  | { type: 'fresh'; messages: WaitingMessage[] }
  /** Once more: their permission to start ran out, and they still have their places under the cap. */
  | { type: 'lapsed'; messages: GrantedMessage[] };

/** What of a batch may not start without a grant: what was never granted, and what came too late for its slot. */
export class Ungranted<GrantedMessage extends WaitingMessage> {
  private fresh: WaitingMessage[] = [];
  private lapsed: GrantedMessage[] = [];

  get size(): number {
    return this.fresh.length + this.lapsed.length;
  }

  /** Whether there are any that have their places already. */
  get hasLapsed(): boolean {
    return this.lapsed.length > 0;
  }

  /** Messages that were never granted, in the order of their ids. */
  add(messages: readonly WaitingMessage[]): void {
    this.fresh.push(...messages);
  }

  /** Takes out up to `most`; what was granted before goes first, so that it is not in doubt for long. */
  nextSlice(most: number): Slice<GrantedMessage> {
    if (this.lapsed.length === 0) return { type: 'fresh', messages: this.fresh.splice(0, most) };
    this.lapsed.sort((a, b) => a.id - b.id);
    return { type: 'lapsed', messages: this.lapsed.splice(0, most) };
  }

  /** Puts back those of a slice that `ids` names. */
  putBack(slice: Slice<GrantedMessage>, ids: ReadonlySet<number>): void {
    if (slice.type === 'fresh') this.fresh.unshift(...slice.messages.filter(({ id }) => ids.has(id)));
    else this.lapsed.push(...slice.messages.filter(({ id }) => ids.has(id)));
  }

  /** A granted message came too late for its slot. */
  addLapsed(message: GrantedMessage): void {
    this.lapsed.push(message);
  }

  /** Takes out what lapsed, for good. */
  drainLapsed(): GrantedMessage[] {
    return this.lapsed.splice(0);
  }
}
