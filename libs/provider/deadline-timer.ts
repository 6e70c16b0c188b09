/** Something that has to be over by an instant. */
export interface Bounded {
  /** On the monotonic clock (`performance.now()`, ms); may move later while it is watched. */
  readonly dueAt: number;
  /** Called once `dueAt` has passed; must end the watch by {@link DeadlineTimer.unwatch}. */
  expire(): void;
}

/**
 * One timer for the deadlines of everything in flight. A timer of its own for each request would cost more
 * than the rest of its handling; as almost all requests end early, this one fires about once per time-out.
 */
export class DeadlineTimer {
  private readonly watched = new Set<Bounded>();
  private timer: NodeJS.Timeout | undefined;
  private armedFor = Infinity;

  watch(bounded: Bounded): void {
    this.watched.add(bounded);
    if (bounded.dueAt < this.armedFor) this.arm(bounded.dueAt);
  }

  unwatch(bounded: Bounded): void {
    this.watched.delete(bounded);
  }

  /** Stops the timer; what is still watched no longer expires. */
  stop(): void {
    clearTimeout(this.timer);
    this.watched.clear();
    this.armedFor = Infinity;
  }

  private arm(dueAt: number): void {
    clearTimeout(this.timer);
    this.armedFor = dueAt;
    const wait = Math.max(1, Math.ceil(dueAt - performance.now()));
    // After a long pause of the whole process the answers that came meanwhile are still in the sockets, and
    // timers run before those are read. The immediate runs after, so an answer in time is never thrown away.
    this.timer = setTimeout(() => setImmediate(() => this.expireDue()), wait).unref();
  }

  private expireDue(): void {
    this.armedFor = Infinity;
    const now = performance.now();
    let next = Infinity;
    for (const bounded of this.watched) {
      if (bounded.dueAt <= now) bounded.expire();
      else if (bounded.dueAt < next) next = bounded.dueAt;
    }
    if (next < this.armedFor) this.arm(next);
  }
}
