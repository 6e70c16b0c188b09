/** How much is worked on, and what comes of the rest. */
export interface AdmissionLimits {
  /** Pieces of work at one time. */
  atOnce: number;
  /** Pieces that wait for their turn at one time; a further one is refused at once. */
  waiting: number;
  /** Milliseconds after which one that waits is refused. */
  patienceMs: number;
}

interface Waiter {
  admit(isAdmitted: boolean): void;
}

/**
 * Lets a limited number of pieces of work go on at one time. Whatever is beyond waits, in the order of arrival: a caller
 * that is refused at once and asks again at once costs as much as one that is served, and so starves those.
 */
export class Admission {
  private working = 0;
  /** In the order of arrival; those that were refused are among them no more. */
  private readonly queue = new Set<Waiter>();

  constructor(private readonly limits: AdmissionLimits) {}

  /**
   * True when the work may begin now, false when it is refused; else a promise of the same. Whoever was let in must
   * call {@link leave} when the work has ended.
   */
  enter(): boolean | Promise<boolean> {
    const { atOnce, waiting, patienceMs } = this.limits;
    if (this.working < atOnce) {
      this.working += 1;
      return true;
    }
    if (this.queue.size >= waiting) return false;
    return new Promise<boolean>((resolve) => {
      const waiter = { admit: resolve };
      const patience = setTimeout(() => waiter.admit(false), patienceMs);
      waiter.admit = (isAdmitted) => {
        clearTimeout(patience);
        this.queue.delete(waiter);
        resolve(isAdmitted);
      };
      this.queue.add(waiter);
    });
  }

  /** Gives the place of a piece of work that has ended to the one that waits for the longest. */
  leave(): void {
    const [first] = this.queue;
    if (first) first.admit(true);
    else this.working -= 1;
  }
}
