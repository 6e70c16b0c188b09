import { Inject, Injectable } from '@nestjs/common';
import type { DispatcherConfig } from '#libs/config';
import { type Delivery, type Outcome, ProviderClient } from '#libs/provider';
import { DISPATCHER_CONFIG } from '../dispatcher-config.js';
import { ProviderBreaker } from '../provider/provider-breaker.js';
import type { GrantedMessage } from './open-batch.js';
import { OutcomeRecorder } from './outcome-recorder.js';
import { SendGate } from './send-gate.js';
import { SendPace } from './send-pace.js';

/**
 * Puts granted messages on the wire, each on a connection that is free at that moment, and hands what came
 * back to the recorder. No database connection is held meanwhile.
 */
@Injectable()
export class MessageSender {
  private readonly pace: SendPace;
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
    breaker.onChange((open) => {
      if (open) this.drop();
      else this.pace.startSlowly();
    });
  }

  /** Requests on the wire, of one mailing or of all. */
  countInFlight(mailingId?: number): number {
    return mailingId === undefined ? this.onTheWire : (this.inFlight.get(mailingId) ?? 0);
  }

  /** Sends granted messages as connections become free. */
  send(messages: readonly GrantedMessage[]): void {
    this.queue.push(...messages);
    this.pump();
  }

  /** Sends one message at once, past the pace; undefined when the gate refuses it. */
  async sendNow(message: GrantedMessage): Promise<Outcome | undefined> {
    if (this.gate.refusalOf(message) === undefined) return this.exchange(message);
    this.recorder.leave(message, 'not sent');
    return undefined;
  }

  /** Lets go of what was granted and may not start any more: it was never sent and stays pending. */
  drop(): void {
    const kept = this.queue.filter((message) => this.gate.refusalOf(message) === undefined);
    const dropped = this.queue.filter((message) => this.gate.refusalOf(message) !== undefined);
    this.queue.splice(0, this.queue.length, ...kept);
    for (const message of dropped) this.recorder.leave(message, 'not sent');
  }

  private pump(): void {
    while (this.onTheWire < this.pace.limit) {
      const message = this.queue.shift();
      if (!message) return;
      if (this.gate.refusalOf(message) === undefined) void this.exchange(message);
      else this.recorder.leave(message, 'not sent');
    }
  }

  private async exchange(message: GrantedMessage): Promise<Outcome> {
    const { mailingId } = message.batch;
    this.pace.use(performance.now(), this.onTheWire);
    this.onTheWire += 1;
    this.inFlight.set(mailingId, this.countInFlight(mailingId) + 1);
    const delivery = await this.client.send(
      { id: message.id, phone: message.phone, text: message.batch.text },
      {
        timeoutMs: this.gate.requestMs(message.batch),
        deadline: this.gate.latestStartOf(message),
        mayStart: () => this.gate.refusalOf(message) === undefined,
      },
    );
    this.onTheWire -= 1;
    const left = this.countInFlight(mailingId) - 1;
    if (left > 0) this.inFlight.set(mailingId, left);
    else this.inFlight.delete(mailingId);
    this.adjustPace(delivery);
    this.breaker.note(delivery.outcome, message.batch.probe);
    this.recorder.take(message, delivery);
    this.pump();
    return delivery.outcome;
  }

  private adjustPace({ outcome }: Delivery): void {
    if (outcome.kind === 'accepted') this.pace.grow();
    else if (outcome.kind === 'throttled') this.pace.halve();
  }
}
