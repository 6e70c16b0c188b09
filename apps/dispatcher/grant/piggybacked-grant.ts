import type { Grant, SliceRequest } from '#libs/queue/grant';

/**
 * A grant that waits for places under the cap. The statement that frees these may take it along, which saves one of
 * two ways to Postgres and one of two commits.
 */
export class PiggybackedGrant {
  /**
   * The grant; undefined when there was none on the way, and it is to be asked for; rejects when nobody knows, or
   * what should free its places could not be recorded. Settles only if it was taken along.
   */
  readonly result: Promise<Grant | undefined>;
  complete!: (grant: Grant | undefined) => void;
  fail!: (error: unknown) => void;
  /** The monotonic instant before the statement was sent; undefined if none has taken it along. */
  sentAt: number | undefined;

  constructor(
    readonly request: SliceRequest,
    private readonly mayGrant: () => boolean,
  ) {
    this.result = new Promise((resolve, reject) => {
      this.complete = resolve;
      this.fail = reject;
    });
  }

  /** To be called right before the statement is sent. False when it may not be granted (any more). */
  begin(): boolean {
    if (!this.mayGrant()) return false;
    this.sentAt = performance.now();
    return true;
  }
}
