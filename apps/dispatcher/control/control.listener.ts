import { MessagePattern, Payload } from '@nestjs/microservices';
import {
  controlSubjects,
  type MailingChanged,
  type MailingConfirmed,
  NatsController,
  type WitnessesRefuted,
} from '#libs/nats';
import { ProviderBreaker } from '../outlets/provider-breaker.js';
import { DispatcherIdentity } from '../process/dispatcher-identity.js';
import { DutyTicker } from '../process/duty-ticker.js';
import { MessageSender } from '../send/message-sender.js';
import { SendGate } from '../send/send-gate.js';
import { ControlWatcher } from './control-watcher.js';

/** Hears the broadcasts of the API and of other dispatchers. All are hints; Postgres has the truth. */
@NatsController()
export class ControlListener {
  constructor(
    private readonly identity: DispatcherIdentity,
    private readonly gate: SendGate,
    private readonly sender: MessageSender,
    private readonly watcher: ControlWatcher,
    private readonly ticker: DutyTicker,
    private readonly breaker: ProviderBreaker,
  ) {}

  /** Answers when nothing more of a stopped mailing leaves, with what is on the wire. */
  @MessagePattern(controlSubjects.mailing)
  async mailingChanged(@Payload() changed: MailingChanged): Promise<MailingConfirmed> {
    const { mailingId, version } = changed;
    switch (changed.change) {
      case 'paused':
      case 'cancelled':
        this.gate.apply({ mailingId, version, stopped: true, endAt: Infinity });
        this.sender.drop();
        break;
      case 'rescheduled':
      case 'resumed':
        await this.watcher.runOnce();
        break;
      case 'created':
      case 'started':
        break;
    }
    // What starts later is found by its start. Looking at once would keep a core busy while many are created.
    if (!changed.startsLater) {
      this.ticker.nudge('mailing-starter');
      this.ticker.nudge('ticket-publisher');
    }
    return { dispatcherId: this.identity.id, version, inFlight: this.sender.countInFlight(mailingId) };
  }

  @MessagePattern(controlSubjects.breaker)
  breakerChanged(): void {
    this.ticker.nudge('provider-breaker');
  }

  @MessagePattern(controlSubjects.refuted)
  witnessesRefuted(@Payload() refuted: WitnessesRefuted): void {
    this.breaker.noteRefuted(refuted);
  }
}
