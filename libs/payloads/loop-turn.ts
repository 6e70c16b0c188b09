import { setImmediate as others } from 'node:timers/promises';

/** Milliseconds of work at a time. Whoever asks for something else meanwhile waits as long. */
const LONGEST = 8;

/**
 * Work of many small pieces that lets other requests have the event loop in between:
 * `if (turn.isOver) await turn.next();` before each piece.
 */
export class LoopTurn {
  private began = performance.now();

  get isOver(): boolean {
    return performance.now() - this.began > LONGEST;
  }

  /** Resolves when everybody who waited had a turn. */
  async next(): Promise<void> {
    await others();
    this.began = performance.now();
  }
}
