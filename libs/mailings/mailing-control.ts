import { Injectable } from '@nestjs/common';
import { ControlBus, controlSubjects } from '#libs/nats';
import { Problem } from '#libs/problems';
import { ControlConfirmation } from './control-confirmation.js';
import { toMailingDto, type ControlledMailingDto, type MailingDto } from './mailing.dto.js';
import type { MailingStatus } from './mailing-status.js';
import type { Mailing } from './mailing.entity.js';
import { MailingStore } from './mailing-store.js';

/**
 * Pause, resume, cancel. Each may be asked for again and then answers the same: who did not hear the first
 * answer can repeat the request, and the dispatchers are asked again too.
 */
@Injectable()
export class MailingControl {
  constructor(
    private readonly store: MailingStore,
    private readonly confirmation: ControlConfirmation,
    private readonly bus: ControlBus,
  ) {}

  /** Nothing leaves a dispatcher that has confirmed. */
  async pause(id: number): Promise<ControlledMailingDto> {
    const mailing = (await this.store.pause(id)) ?? (await this.findIn(id, ['paused'], 'paused'));
    return this.confirmed(mailing, 'paused');
  }

  /** A conflict when its end has passed. Only announced: a dispatcher that misses it finds it in Postgres. */
  async resume(id: number): Promise<MailingDto> {
    const resumed = await this.store.resume(id);
    if (!resumed) return toMailingDto(await this.findIn(id, ['scheduled', 'running'], 'resumed'));
    const { controlVersion: version } = resumed;
    this.bus.announce(controlSubjects.mailing, { mailingId: id, version, change: 'resumed' });
    return toMailingDto(resumed);
  }

  /** Nothing leaves a dispatcher that has confirmed; what was not sent becomes `cancelled` in pages. */
  async cancel(id: number): Promise<ControlledMailingDto> {
    const mailing = (await this.store.cancel(id)) ?? (await this.findIn(id, ['cancelled'], 'cancelled'));
    return this.confirmed(mailing, 'cancelled');
  }

  /** Waits for the dispatchers, and says what they said. */
  async confirmed(
    mailing: Mailing,
    change: 'paused' | 'cancelled' | 'rescheduled',
  ): Promise<ControlledMailingDto> {
    const { id: mailingId, controlVersion: version } = mailing;
    const confirmation = await this.confirmation.confirm({ mailingId, version, change });
    return Object.assign(toMailingDto(mailing), confirmation);
  }

  /** The mailing if it is already where it was to go; else why it can't go there. */
  private async findIn(id: number, statuses: MailingStatus[], done: string): Promise<Mailing> {
    const mailing = await this.store.find(id);
    if (!mailing) throw Problem.notFound('mailing', id);
    if (statuses.includes(mailing.status)) return mailing;
    throw Problem.conflict(
      mailing.status === 'paused'
        ? `The end of the mailing, ${mailing.endAt.toISOString()}, has passed, so the mailing cannot be ${done}.`
        : `The mailing is ${mailing.status}, so it cannot be ${done}.`,
    );
  }
}
