import type { Behaviour } from './behaviour.js';
import { FaultRules } from './fault-rules.js';
import { seededRandom } from './seeded-random.js';

/** The behaviour in force. Giving it the former one's `faults` keeps their counters. */
export class ActiveBehaviour {
  readonly #random: () => number;

  constructor(
    readonly settings: Behaviour,
    readonly faults: FaultRules = new FaultRules(settings.faults, settings.seed),
  ) {
    this.#random = seededRandom(settings.seed);
  }

  /** Milliseconds that the next answer waits. */
  nextLatency(): number {
    const { latencyMs, jitterMs } = this.settings;
    return jitterMs === 0 ? latencyMs : latencyMs + this.#random() * jitterMs;
  }
}
