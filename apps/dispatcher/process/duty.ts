/**
 * A duty every dispatcher runs, again and again; who is first does the work. `runOnce` does one bounded piece
 * and says what it did, so that tests can drive it without a timer.
 */
export interface Duty<Result = unknown> {
  runOnce(): Promise<Result>;
  /** Lets go of what the duty keeps between its runs; called once, when the process ends. */
  stop?(): Promise<void>;
}
