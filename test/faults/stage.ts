import { setTimeout as wait } from 'node:timers/promises';
import type { Provider } from '../support/provider.js';
import { until } from '../support/until.js';
import type { Breach } from './invariant.js';
import type { Ledger, LedgerMailing } from './ledger.js';
import { Load } from './load.js';
import type { StageOptions } from './stage-options.js';
import { recoveryOf, recoveryOfAny } from './recovery.js';
import type { SeededRandom } from './seeded-random.js';
import type { Actor } from './world/actor.js';
import type { FaultWorld } from './world/fault-world.js';

/** Milliseconds in which sending has to be back. */
const BACK_WITHIN = 5_000;
const CLOCK_SPREADS_IN = 2_000;

export interface RecoveryTerms {
  since?: number;
  /** The dispatcher that has to send again by itself. */
  by?: Actor;
  /** Milliseconds beyond the 5 s, and what for: a probe's deadline, a lease that must run out first. */
  more?: { ms: number; why: string };
}

/** What a scenario has to play with. */
export class Stage {
  readonly load: Load;
  /** What the scenario itself found broken. */
  readonly breaches: Breach[] = [];
  /** Figures worth reading whether or not anything broke. */
  readonly notes: string[] = [];
  /** Dispatchers that were seen to send again by themselves, or not to, with something left for them. */
  ownRecoveries = 0;
  /** The longest recovery that was measured, in milliseconds. */
  longestRecovery: number | undefined;

  constructor(
    readonly world: FaultWorld,
    readonly ledger: Ledger,
    readonly random: SeededRandom,
    private readonly options: StageOptions & { quick: boolean },
  ) {
    this.load = new Load(world.rest, ledger, random);
  }

  get provider(): Provider {
    return this.world.provider;
  }

  /** Has the provider behave so from now on, and in order in what is not named. */
  async behave(behaviour: Record<string, unknown>): Promise<void> {
    const { deduplicate = false } = this.options;
    await this.provider.behave({ seed: Math.floor(this.random.next() * 1e6), deduplicate, ...behaviour });
  }

  /** More may be doubled or held than the kills and the ambiguous answers explain. */
  allow({ duplicates = 0, held = 0, why }: { duplicates?: number; held?: number; why: string }): void {
    this.ledger.allowances.push({ duplicates, held, why });
  }

  /** Lets a time pass in which something is broken. */
  async pass(milliseconds: number): Promise<void> {
    await wait(milliseconds);
  }

  /** Waits until the provider has received so many requests in all. */
  async received(requests: number, withinMs = 60_000): Promise<void> {
    await until(
      `${requests} requests are received`,
      async () => (await this.provider.summary()).requests >= requests,
      withinMs,
      20,
    );
  }

  /** Waits until a mailing is over. */
  async completed(mailing: LedgerMailing, withinMs = 60_000): Promise<void> {
    await until(
      `mailing ${mailing.id} is over`,
      async () =>
        (
          await this.world.query('SELECT FROM mailings WHERE id = $1 AND finished_at IS NOT NULL', [
            mailing.id,
          ])
        ).length > 0,
      withinMs,
    );
  }

  /** Sets the database's clock to an instant; only before anything is sent. Epoch milliseconds. */
  async setClock(to: number): Promise<void> {
    // Dispatchers read it with their heartbeats, and then run ahead by themselves.
    this.ledger.clockAheadMs = to - CLOCK_SPREADS_IN - Date.now();
    await this.world.setClock();
    await wait(CLOCK_SPREADS_IN);
  }

  /** So many of something, and half of it in a quick run. */
  amount(whole: number): number {
    return this.options.quick ? Math.ceil(whole / 2) : whole;
  }

  /** Repeats something so many times, and just once in a quick run. */
  async times(count: number, repeat: () => Promise<void>): Promise<void> {
    for (let nth = 0; nth < (this.options.quick ? 1 : count); nth += 1) await repeat();
  }

  /** Repeats something while there is still enough to send: until `share` of all messages were accepted. */
  async whileSending(share: number, repeat: () => Promise<void>): Promise<void> {
    const messages = [...this.ledger.mailings.values()].reduce((sum, { targets }) => sum + targets.size, 0);
    while ((await this.provider.summary()).distinctAccepted < messages * share) await repeat();
  }

  /**
   * Measures how long it takes from `since` (epoch milliseconds; now, if not said), when something has returned,
   * to the next request that is accepted; with `by`, from its return to the first that is accepted from this
   * dispatcher itself. It has to be within 5 s. With nothing left to send it measures nothing.
   */
  async recovery(of: string, { since, by, more }: RecoveryTerms = {}): Promise<number> {
    const limit = BACK_WITHIN + (more?.ms ?? 0);
    const returnedAt = since ?? by?.returnedAt ?? Date.now();
    const requests = since === undefined && !by ? (await this.provider.summary()).requests : 0;
    const took = by
      ? await recoveryOf(by, this.world, { since: returnedAt, limit })
      : await recoveryOfAny(this.world, { since: returnedAt, requests, limit });
    const told = took === undefined ? 'nothing left to send' : `sends after ${took} ms`;
    if (by) this.notes.push(`${of}: ${told}`);
    if (took === undefined) return 0;
    if (by) this.ownRecoveries += 1;
    this.longestRecovery = Math.max(this.longestRecovery ?? 0, took);
    if (took > limit) {
      const reason = more ? ` (5 s, and ${more.ms} ms for ${more.why})` : '';
      this.breaches.push({ invariant: 'recovery', figures: `${of}: ${took} ms, allowed ${limit}${reason}` });
    }
    return took;
  }

  /** Notes as too slow what a scenario measures: a rate, a pause, or a ratio of times; `figures` say what was seen. */
  expectPace(holds: boolean, figures: string): void {
    if (!holds) this.breaches.push({ invariant: 'pace', figures });
  }

  /** Notes as broken what a scenario alone can know; `figures` say what was seen. */
  expect(holds: boolean, figures: string): void {
    if (!holds) this.breaches.push({ invariant: 'story', figures });
  }
}
