import { setTimeout as delay } from 'node:timers/promises';

/**
 * One request a key at a time within this process. The others wait here rather than in Postgres, where each
 * would hold one of the few connections.
 */
export class KeyTurns {
  private readonly lastTurns = new Map<string, Promise<void>>();

  /**
   * Runs `work` when all earlier ones with this key have ended, and tells it how many of the `patienceMs` are
   * left. Undefined when they are over before that.
   */
  async take<Result>(
    key: string,
    patienceMs: number,
    work: (leftMs: number) => Promise<Result>,
  ): Promise<Result | undefined> {
    const began = performance.now();
    const earlier = this.lastTurns.get(key);
    let leave = () => {};
    const mine = new Promise<void>((resolve) => {
      leave = resolve;
    });
    const turn = earlier ? earlier.then(() => mine) : mine;
    this.lastTurns.set(key, turn);
    try {
      if (earlier && !(await endsWithin(earlier, patienceMs))) return undefined;
      return await work(Math.max(1, patienceMs - (performance.now() - began)));
    } finally {
      leave();
      void this.forgetAfter(key, turn);
    }
  }

  private async forgetAfter(key: string, turn: Promise<void>): Promise<void> {
    await turn;
    // Who came later has put its own turn there.
    if (this.lastTurns.get(key) === turn) this.lastTurns.delete(key);
  }
}

async function endsWithin(earlier: Promise<void>, milliseconds: number): Promise<boolean> {
  const ended = new AbortController();
  const inTime = earlier.then(() => true);
  const late = delay(milliseconds, false, { signal: ended.signal }).catch(() => false);
  try {
    return await Promise.race([inTime, late]);
  } finally {
    ended.abort();
  }
}
