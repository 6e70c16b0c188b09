import type { Received } from '../../support/provider.js';
import type { LedgerMailing } from '../ledger.js';
import type { Stage } from '../stage.js';
import { busiest } from './provider-watch.js';

/**
 * The share of a limit that has to be reached while there is enough to send. A quiet machine reaches 0.85 and
 * more, as is promised; a busy one must not fail for being busy, so less is asked for here, a phase goes on for a
 * while if there was less, and all is told.
 */
const REACHED = 0.7;
const SECOND = 1_000;
/** Milliseconds for which a phase goes on at most when its rate is not reached, and between two looks. */
const PATIENCE = 6_000;
const LOOK_EVERY = 500;

/** A limit, in messages a second, that is in force. */
export interface Limit {
  limit: number;
  /** Of one mailing only; of the provider if not said. */
  of?: LedgerMailing;
  /** Another limit comes first, so that this one need not be reached. */
  isSlack?: boolean;
}

interface Phase {
  name: string;
  limits: readonly Limit[];
  dispatchers: number;
  /** Windows of a second that lie in here are held against the limits. Epoch milliseconds. */
  windowsFrom: number;
  /** Windows that begin between the last phase's and this one's are held against the larger limit of both. */
  change: { from: number; before: readonly Limit[] } | undefined;
  /** The rate is measured from here, which is later than the phase's begin if it was not reached at first. */
  from: number;
  until: number;
}

/** What came to the provider, phase by phase, by its own record. */
export class WireRate {
  private readonly phases: Phase[] = [];

  constructor(private readonly stage: Stage) {}

  /**
   * Lets so many milliseconds pass under these limits, and more until their rates were reached for as long. What
   * lies between the phase before and this one, from windows on that begin a second before its end, is judged
   * with this one if it is `sinceLast`, and by the larger limit of both if it is `changed`.
   */
  async phase(
    name: string,
    limits: readonly Limit[],
    { ms, between }: { ms: number; between?: 'sinceLast' | 'changed' },
  ): Promise<void> {
    const from = Date.now();
    const last = this.phases.at(-1);
    const sinceLast = last ? last.until - SECOND : 0;
    await this.stage.pass(ms);
    let received = await this.stage.provider.received();
    const isReached = ({ limit, of, isSlack }: Limit) =>
      isSlack === true || rateOf(received, of, Date.now() - ms, Date.now()) >= REACHED * limit;
    while (!limits.every(isReached) && Date.now() < from + ms + PATIENCE) {
      await this.stage.pass(LOOK_EVERY);
      received = await this.stage.provider.received();
    }
    const until = Date.now();
    this.phases.push({
      name,
      limits,
      dispatchers: this.stage.world.dispatchers.length,
      windowsFrom: between === 'sinceLast' ? sinceLast : from,
      change: between === 'changed' && last ? { from: sinceLast, before: last.limits } : undefined,
      from: until - ms,
      until,
    });
  }

  /**
   * In any second of a phase a twentieth more than the limit, and one for each dispatcher that there was; and
   * over the phase, most of the limit. While one limit gives way to another, the larger one holds still.
   */
  async judge(): Promise<void> {
    const received = await this.stage.provider.received();
    for (const { name, limits, dispatchers, windowsFrom, change, from, until } of this.phases) {
      const mostOf = (limit: number) => Math.floor(limit * 1.05 + dispatchers);
      for (const { limit, of, isSlack } of limits) {
        const most = mostOf(limit);
        const seen = busiest(within(received, of, windowsFrom, until), SECOND);
        const rate = rateOf(received, of, from, until);
        const what = `${name}: ${of ? `mailing ${of.id}` : 'the provider'} with ${limit}/s`;
        this.stage.notes.push(`${what}: ${rate.toFixed(0)}/s, at most ${seen} in a second (of ${most})`);
        this.stage.expect(seen <= most, `${what}: ${seen} requests in the busiest second, at most ${most}`);
        this.stage.expectPace(
          isSlack === true || rate >= REACHED * limit,
          `${what}: only ${rate.toFixed(1)}/s`,
        );
        const before = change?.before.find((one) => one.of === of);
        if (!change || !before) continue;
        const larger = mostOf(Math.max(limit, before.limit));
        const changing = busiest(within(received, of, change.from, windowsFrom + SECOND), SECOND);
        const how = `${what}, and ${before.limit}/s before: ${changing} in a second of the change`;
        this.stage.notes.push(`${how} (of ${larger})`);
        this.stage.expect(changing <= larger, `${how}, at most ${larger}`);
      }
    }
  }
}

/** The requests of a mailing, or all, in a span of time; epoch milliseconds. */
function within(
  received: readonly Received[],
  of: LedgerMailing | undefined,
  from: number,
  until: number,
): Received[] {
  return received.filter(({ text, at }) => (!of || text === of.text) && at >= from && at < until);
}

/** Requests a second. */
function rateOf(...span: Parameters<typeof within>): number {
  const [, , from, until] = span;
  return (within(...span).length * SECOND) / (until - from);
}

/** In no second of all that was received more than a limit over all dispatchers allows. */
export async function expectHeld(stage: Stage, limit: number): Promise<void> {
  const most = Math.floor(limit * 1.05 + stage.world.dispatchers.length);
  const seen = busiest(await stage.provider.received(), 1_000);
  stage.notes.push(`with ${limit}/s, at most ${seen} in a second (of ${most})`);
  stage.expect(seen <= most, `${seen} requests in the busiest second, at most ${most}`);
}
