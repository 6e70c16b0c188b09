import { ActiveBehaviour } from './active-behaviour.js';
import { parseBehaviour, parseChange, type Behaviour } from './behaviour.js';
import type { FaultRules } from './fault-rules.js';
import type { SendingPort } from './sending-port.js';
import type { SimulatedProvider } from './simulated-provider.js';

/** Puts behaviours in force, one after the other. */
export class BehaviourControl {
  #turn: Promise<unknown> = Promise.resolve();
  #outageTimer: NodeJS.Timeout | undefined;

  constructor(
    private readonly provider: SimulatedProvider,
    private readonly port: SendingPort,
  ) {}

  get current(): Behaviour {
    return this.provider.behaviour.settings;
  }

  /** What is absent goes back to its default; all counters of faults start anew. */
  replace(given: unknown): Promise<Behaviour> {
    return this.#inTurn(() => this.#apply(parseBehaviour(given), undefined, true));
  }

  /** What is absent stays, a running outage and the counters of faults included. */
  change(given: unknown): Promise<Behaviour> {
    return this.#inTurn(() => {
      const behaviour = parseChange(this.current, given);
      const keepsFaults = !names(given, 'faults', 'seed');
      return this.#apply(
        behaviour,
        keepsFaults ? this.provider.behaviour.faults : undefined,
        names(given, 'down', 'downForMs'),
      );
    });
  }

  /** Lets a running `downForMs` last. */
  stop(): void {
    clearTimeout(this.#outageTimer);
    this.#outageTimer = undefined;
  }

  /** Returns when connections are really refused, or accepted again. */
  async #apply(
    behaviour: Behaviour,
    faults: FaultRules | undefined,
    decidesOutage: boolean,
  ): Promise<Behaviour> {
    this.provider.behaviour = new ActiveBehaviour(behaviour, faults);
    this.port.keepAliveMs = behaviour.keepAliveMs;
    if (!decidesOutage) return behaviour;
    this.stop();
    if (!behaviour.down) {
      await this.port.open();
      return behaviour;
    }
    await this.port.close();
    if (behaviour.downForMs !== null) this.#endOutageAfter(behaviour.downForMs);
    return behaviour;
  }

  #endOutageAfter(milliseconds: number): void {
    const timer = setTimeout(() => {
      void this.#inTurn(async () => {
        // A behaviour that came in between has ended this outage, or begun another.
        if (this.#outageTimer !== timer) return;
        const ended = { ...this.current, down: false, downForMs: null };
        await this.#apply(ended, this.provider.behaviour.faults, true);
      });
    }, milliseconds);
    this.#outageTimer = timer;
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined);
    return result;
  }
}

function names(given: unknown, ...fields: string[]): boolean {
  return typeof given === 'object' && given !== null && fields.some((field) => field in given);
}
