import { setTimeout as wait } from 'node:timers/promises';
import type { Provider } from '../support/provider.js';
import { until } from '../support/until.js';
import type { Breach } from './invariant.js';
import type { Ledger } from './ledger.js';
import { Load } from './load.js';
import type { StageOptions } from './stage-options.js';
import type { SeededRandom } from './seeded-random.js';
import type { FaultWorld } from './world/fault-world.js';

/** Milliseconds in which sending has to be back. */
const BACK_WITHIN = 5_000;

/** What a scenario has to play with. */
export class Stage {
  readonly load: Load;
  /** What the scenario itself found broken. */
  readonly breaches: Breach[] = [];
  /** The longest recovery that was measured, in milliseconds. */
  longestRecovery: number | undefined;

  constructor(
    readonly world: FaultWorld,
    readonly ledger: Ledger,
    readonly random: SeededRandom,
    private readonly options: StageOptions,
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

  /** Repeats something while there is still enough to send: until `share` of all messages were accepted. */
  async whileSending(share: number, repeat: () => Promise<void>): Promise<void> {
    const messages = [...this.ledger.mailings.values()].reduce((sum, { targets }) => sum + targets.size, 0);
    while ((await this.provider.summary()).distinctAccepted < messages * share) await repeat();
  }

  /**
   * Measures how long it takes from now, when something has returned, to the next request that is accepted.
   * There must be something left to send. It has to be within 5 s; `more` are milliseconds on top of it, for a
   * reason such as a probe's deadline or a lease that must run out first.
   */
  async recovery(of: string, more: { ms: number; why: string } = { ms: 0, why: '' }): Promise<number> {
    const since = Date.now();
    const { requests } = await this.provider.summary();
    const limit = BACK_WITHIN + more.ms;
    const next = await until(
      `sending is back after ${of}`,
      async () =>
        (await this.provider.received(requests)).find((row) => row.outcome === 'accepted' && row.at >= since),
      limit + 15_000,
      20,
    ).catch(() => undefined);
    const took = next ? next.at - since : Infinity;
    this.longestRecovery = Math.max(this.longestRecovery ?? 0, took);
    if (took > limit) {
      const reason = more.why === '' ? '' : ` (5 s and ${more.ms} ms for ${more.why})`;
      this.breaches.push({ invariant: 'recovery', figures: `${of}: ${took} ms, allowed ${limit}${reason}` });
    }
    return took;
  }

  /** Notes as broken what a scenario alone can know; `figures` say what was seen. */
  expect(holds: boolean, figures: string): void {
    if (!holds) this.breaches.push({ invariant: 'story', figures });
  }
}
