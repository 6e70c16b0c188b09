/** Something that has to be over by an instant. */
export interface Bounded {
  /** On the monotonic clock (`performance.now()`, ms); may move later while it is watched. */
  readonly dueAt: number;
  /** Where the timer keeps it; the timer's own, -1 while it is not watched. */
  place: number;
  /** Called once `dueAt` has passed; must end the watch by {@link DeadlineTimer.unwatch}. */
  expire(): void;
}

/**
 * One timer for the deadlines of everything in flight. A timer of its own for each request would cost more
 * than the rest of its handling; as almost all requests end early, this one fires about once per time-out.
 */
export class DeadlineTimer {
  /**
   * A plain list, each with its place in it. A Set that is added to and deleted from with each request is copied
   * again and again, and V8 links each old copy to the next: once one of them is in the old generation, all that
   * follow end up there, with the requests that were under way at the time.
   */
  private readonly watched: Bounded[] = [];
  private timer: NodeJS.Timeout | undefined;
  private armedFor = Infinity;

  watch(bounded: Bounded): void {
    bounded.place = this.watched.length;
    this.watched.push(bounded);
    if (bounded.dueAt < this.armedFor) this.arm(bounded.dueAt);
  }

  unwatch(bounded: Bounded): void {
    const { place } = bounded;
    if (place < 0) return;
    bounded.place = -1;
    const last = this.watched.pop();
    if (last === undefined || last === bounded) return;
    this.watched[place] = last;
    last.place = place;
  }

  /** Stops the timer; what is still watched no longer expires. */
  stop(): void {
    clearTimeout(this.timer);
    for (const bounded of this.watched.splice(0)) bounded.place = -1;
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
    // A copy, for whatever expires ends its watch, and may end others' and begin some.
    for (const bounded of this.watched.slice()) {
      if (bounded.place < 0) continue;
      if (bounded.dueAt <= now) bounded.expire();
      else if (bounded.dueAt < next) next = bounded.dueAt;
    }
    if (next < this.armedFor) this.arm(next);
  }
}
