import { Inject, Injectable } from '@nestjs/common';
import type { DispatcherConfig } from '#libs/config';
import { type Delivery, type Outcome, ProviderClient, type Sending } from '#libs/providers/kinds';
import type { GrantedMessage } from '../grant/open-batch.js';
import { ProviderBreaker } from '../outlets/provider-breaker.js';
import { SendPace } from '../outlets/send-pace.js';
import { SlotQueue } from '../outlets/slot-queue.js';
import { SlotWindow } from '../outlets/slot-window.js';
import { DISPATCHER_CONFIG } from '../process/dispatcher-config.js';
import { OutcomeRecorder } from '../record/outcome-recorder.js';
import { SendGate } from './send-gate.js';

/** One request of a message. */
class Flight implements Sending {
  /** It was still to be written when the time for it was over. */
  lapsed = false;
  /** When it was written, by the monotonic clock; never, as long as it is not. */
  startedAt = Infinity;

  constructor(
    readonly message: GrantedMessage,
    private readonly gate: SendGate,
    private readonly land: (flight: Flight, delivery: Delivery) => void,
  ) {}

  mayStart(now: number): boolean {
    if (this.gate.refusalOf(this.message, now) !== undefined) return false;
    this.lapsed = now > this.message.startUntil;
    this.startedAt = now;
    return !this.lapsed;
  }

  settled(delivery: Delivery): void {
    this.land(this, delivery);
  }
}

/**
 * Puts granted messages on the wire, each at its instant, if it has one, and on a connection that is free at that
 * moment, and hands what came back to the recorder. What can't start in time goes back to its batch for another
 * grant. No database connection is kept meanwhile.
 */
@Injectable()
export class MessageSender {
  private readonly pace: SendPace;
  private readonly slots: SlotWindow;
  /** Those whose slot is still to come. */
  private readonly early = new SlotQueue(() => this.pump());
  /** Those whose slot is now, and then those that need none. */
  private readonly due: GrantedMessage[] = [];
  private readonly queue: GrantedMessage[] = [];
  private readonly inFlight = new Map<number, number>();
  private onTheWire = 0;

  constructor(
    @Inject(DISPATCHER_CONFIG) config: DispatcherConfig,
    private readonly client: ProviderClient,
    private readonly gate: SendGate,
    private readonly breaker: ProviderBreaker,
    private readonly recorder: OutcomeRecorder,
  ) {
    this.pace = new SendPace(config.provider.concurrency);
    this.slots = new SlotWindow(Math.max(1, Math.floor(config.maxUnrecorded / 2)));
    breaker.onChange(({ open, wasAnswering }) => {
      if (open) this.drop();
      else if (!wasAnswering) this.pace.startSlowly();
    });
  }

  /** Requests on the wire, of one mailing or of all. */
  countInFlight(mailingId?: number): number {
    return mailingId === undefined ? this.onTheWire : (this.inFlight.get(mailingId) ?? 0);
  }

  /** How many more slots are worth having in reserve. */
  get slotRoom(): number {
    return this.slots.size - this.early.size - this.due.length;
  }

  /** Sends granted messages as their slots come and connections become free. */
  send(messages: readonly GrantedMessage[]): void {
    const slotted = messages.filter(({ hasSlot }) => hasSlot);
    this.queue.push(...(slotted.length === 0 ? messages : messages.filter(({ hasSlot }) => !hasSlot)));
    if (slotted.length > 0) this.early.add(slotted);
    this.pump();
  }

  /** Sends one message at once, past the pace; undefined when the gate refuses it. */
  async sendNow(message: GrantedMessage): Promise<Outcome | undefined> {
    if (this.gate.refusalOf(message, performance.now()) !== undefined) {
      this.handBack([message]);
      return undefined;
    }
    return new Promise((resolve) => {
      this.startRequest(message, (flight, delivery) => {
        this.land(flight, delivery);
        resolve(delivery.outcome);
      });
    });
  }

  /** Lets go of what was granted and may not start any more: it was never sent and stays pending. */
  drop(): void {
    const now = performance.now();
    const refused = (message: GrantedMessage) => this.gate.refusalOf(message, now) !== undefined;
    const dropped = this.early.remove(refused);
    for (const queue of [this.due, this.queue]) {
      dropped.push(...queue.filter(refused));
      queue.splice(0, queue.length, ...queue.filter((message) => !dropped.includes(message)));
    }
    this.handBack(dropped);
  }

  /** Leaves granted messages that will not be sent under this lease. */
  handBack(messages: readonly GrantedMessage[]): void {
    for (const message of messages) this.recorder.returnUnsent(message, 'returned');
  }

  private pump(): void {
    const now = performance.now();
    for (const message of this.early.popDue(now)) {
      // When this process was too late itself, there may well be connections for as many slots.
      if (now > message.startUntil) this.requestNewGrant(message);
      else this.due.push(message);
    }
    while (this.onTheWire < this.pace.limit) {
      const message = this.due.shift() ?? this.queue.shift();
      if (!message) return;
      if (this.gate.refusalOf(message, now) !== undefined) this.handBack([message]);
      else if (now > message.startUntil) this.missSlot(message);
      else this.startRequest(message, this.land);
    }
  }

  /** No connection was free in time for its slot: it needs another one. */
  private missSlot(message: GrantedMessage): void {
    if (message.hasSlot) this.slots.shrink(performance.now());
    this.requestNewGrant(message);
  }

  private requestNewGrant(message: GrantedMessage): void {
    if (!message.batch.regrant(message)) this.handBack([message]);
  }

  private startRequest(message: GrantedMessage, land: (flight: Flight, delivery: Delivery) => void): void {
    const { mailingId } = message.batch;
    this.pace.use(performance.now(), this.onTheWire);
    this.onTheWire += 1;
    this.inFlight.set(mailingId, this.countInFlight(mailingId) + 1);
    this.client.start(
      { id: message.id, phone: message.phone, text: message.batch.text },
      new Flight(message, this.gate, land),
      {
        timeoutMs: this.gate.requestMs(message.batch),
        deadline: this.gate.latestStartOf(message),
      },
    );
  }

  private readonly land = ({ message, lapsed, startedAt }: Flight, delivery: Delivery): void => {
    const { mailingId } = message.batch;
    this.onTheWire -= 1;
    const left = this.countInFlight(mailingId) - 1;
    if (left > 0) this.inFlight.set(mailingId, left);
    else this.inFlight.delete(mailingId);
    if (lapsed) this.missSlot(message);
    else {
      const now = performance.now();
      this.pace.rest(now);
      this.adjustPace(message, delivery);
      this.recorder.record(message, delivery);
      const { outcome, latencyMs } = delivery;
      const own = this.breaker.note({ message, outcome, latencyMs, startedAt, answeredAt: now });
      for (const suspect of own) this.recorder.recordOwn(suspect);
    }
    this.pump();
  };

  private adjustPace({ hasSlot }: GrantedMessage, { outcome }: Delivery): void {
    if (hasSlot && outcome.kind !== 'notSent') this.slots.grow();
    if (outcome.kind === 'accepted') this.pace.grow();
    else if (outcome.kind === 'throttled') this.pace.halve();
  }
}
