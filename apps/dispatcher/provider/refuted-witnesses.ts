import type { Suspicion } from '#libs/provider';

type Kind = Suspicion['kind'];

/** Phones by the kind of answer. */
export type Witnesses = Record<Kind, readonly number[]>;

/** Recipients of each kind of answer; beyond so many the oldest are forgotten, and are believed again. */
const MOST = 10_000;

/**
 * Recipients who agreed that sending had to stop, though others were served all the same. They are no witnesses to
 * answers of that kind any more, until they are served: else the same numbers stop it again at each retry. This
 * counts nothing against their messages.
 */
export class RefutedWitnesses {
  /** Those who agree at present. */
  private readonly agreeing = recipientsByKind();
  private readonly refuted = recipientsByKind();

  testify(recipient: number, kind: Kind): void {
    add(this.agreeing[kind], recipient);
  }

  /** Sending goes on: whoever agreed until now, and is returned, is refuted or was right. */
  settle(areRefuted: boolean): Witnesses {
    const { throttled, misconfigured } = this.agreeing;
    const witnesses = { throttled: [...throttled], misconfigured: [...misconfigured] };
    throttled.clear();
    misconfigured.clear();
    if (areRefuted) this.refute(witnesses);
    return witnesses;
  }

  /** These were refuted, here or by another dispatcher. */
  refute(witnesses: Witnesses): void {
    for (const kind of ['throttled', 'misconfigured'] as const) {
      for (const recipient of witnesses[kind]) add(this.refuted[kind], recipient);
    }
  }

  has(recipient: number, kind: Kind): boolean {
    return this.refuted[kind].has(recipient);
  }

  served(recipient: number): void {
    this.refuted.throttled.delete(recipient);
    this.refuted.misconfigured.delete(recipient);
  }
}

function recipientsByKind(): Record<Kind, Set<number>> {
  return { throttled: new Set(), misconfigured: new Set() };
}

function add(recipients: Set<number>, recipient: number): void {
  recipients.delete(recipient);
  recipients.add(recipient);
  if (recipients.size <= MOST) return;
  for (const oldest of recipients) {
    recipients.delete(oldest);
    return;
  }
}
