import type { GrantedMessage } from '../grant/open-batch.js';

/** Granted messages that wait for their instant, the earliest first, with one timer for all of them. */
export class SlotQueue {
  private waiting: GrantedMessage[] = [];
  private timer: NodeJS.Timeout | undefined;

  /** `whenDue` is called when it is time for the first of them. */
  constructor(private readonly whenDue: () => void) {}

  get size(): number {
    return this.waiting.length;
  }

  add(messages: readonly GrantedMessage[]): void {
    this.waiting.push(...messages);
    this.waiting.sort((a, b) => a.startFrom - b.startFrom);
    this.arm();
  }

  /** Takes out those whose instant has come. */
  popDue(now: number): GrantedMessage[] {
    const [first] = this.waiting;
    if (!first || first.startFrom > now) return [];
    const later = this.waiting.findIndex(({ startFrom }) => startFrom > now);
    const due = this.waiting.splice(0, later < 0 ? this.waiting.length : later);
    this.arm();
    return due;
  }

  /** Takes out those that `which` is true of. */
  remove(which: (message: GrantedMessage) => boolean): GrantedMessage[] {
    const removed = this.waiting.filter(which);
    if (removed.length > 0) this.waiting = this.waiting.filter((message) => !removed.includes(message));
    this.arm();
    return removed;
  }

  private arm(): void {
    clearTimeout(this.timer);
    const [first] = this.waiting;
    if (!first) return;
    this.timer = setTimeout(
      () => {
        this.whenDue();
        // A timer may fire a fraction of a millisecond early, when nothing is due yet.
        this.arm();
      },
      Math.ceil(first.startFrom - performance.now()),
    );
  }
}
