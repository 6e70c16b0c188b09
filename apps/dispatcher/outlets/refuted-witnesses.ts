import type { Suspicion } from '#libs/providers/kinds';

type Kind = Suspicion['kind'];

/** Phones by the kind of answer. */
export type Witnesses = Record<Kind, readonly number[]>;

const KINDS = ['throttled', 'misconfigured'] as const satisfies Kind[];

/** Phones of each kind; beyond so many the oldest are forgotten, and are believed again. */
const MOST = 10_000;

/** Milliseconds until somebody is believed again. Another dispatcher may serve them without our knowing. */
const REFUTED_FOR = 600_000;

/**
 * Recipients who agreed that sending had to stop, though others were served all the same. They are no witnesses to
 * answers of that kind until they are served: else the same numbers stop it again at each retry. This counts nothing
 * against their messages. Instants are monotonic, in milliseconds.
 */
export class RefutedWitnesses {
  /** Those who agree at present. */
  private readonly agreeing = { throttled: new Set<number>(), misconfigured: new Set<number>() };
  /** Until when, by phone. */
  private readonly refuted = {
    throttled: new Map<number, number>(),
    misconfigured: new Map<number, number>(),
  };

  testify(recipient: number, kind: Kind): void {
    this.agreeing[kind].add(recipient);
  }

  /** Sending goes on: whoever agreed until now, and is returned, is refuted or was right. */
  conclude(areRefuted: boolean, now: number): Witnesses {
    const { throttled, misconfigured } = this.agreeing;
    const witnesses = { throttled: [...throttled], misconfigured: [...misconfigured] };
    throttled.clear();
    misconfigured.clear();
    if (areRefuted) this.refute(witnesses, now);
    return witnesses;
  }

  /** These were refuted, here or by another dispatcher. */
  refute(witnesses: Witnesses, now: number): void {
    for (const kind of KINDS) {
      const refuted = this.refuted[kind];
      for (const recipient of witnesses[kind]) {
        refuted.delete(recipient);
        refuted.set(recipient, now + REFUTED_FOR);
      }
      for (const [oldest, until] of refuted) {
        if (refuted.size <= MOST && until > now) break;
        refuted.delete(oldest);
      }
    }
  }

  has(recipient: number, kind: Kind, now: number): boolean {
    return (this.refuted[kind].get(recipient) ?? now) > now;
  }

  believeAgain(recipient: number): void {
    for (const kind of KINDS) {
      this.refuted[kind].delete(recipient);
      this.agreeing[kind].delete(recipient);
    }
  }
}
