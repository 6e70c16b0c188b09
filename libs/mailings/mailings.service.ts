import { Injectable } from '@nestjs/common';
import { IsNull, type EntityManager } from 'typeorm';
import { Orm } from '#libs/database';
import { ControlBus, controlSubjects } from '#libs/nats';
import { Cursors, type Page } from '#libs/payloads';
import { Problem } from '#libs/problems';
import type { Audience } from './audience.js';
import { requireChangeable, requireSoundTimes, toColumns, toNewMailing } from './mailing-changes.js';
import { MailingControl } from './mailing-control.js';
import {
  toMailingDto,
  type ControlledMailingDto,
  type CreateMailingDto,
  type MailingDto,
  type MailingsQuery,
  type UpdateMailingDto,
} from './mailing.dto.js';
import { Mailing } from './mailing.entity.js';
import { MailingStore, type NewMailing } from './mailing-store.js';

/** Mailings. What it is given has been validated; it throws a {@link Problem} for what can't be done. */
@Injectable()
export class MailingsService {
  private readonly cursors = new Cursors('mailings');

  constructor(
    private readonly orm: Orm,
    private readonly store: MailingStore,
    private readonly control: MailingControl,
    private readonly bus: ControlBus,
  ) {}

  /** Adds a mailing. Its times are held against the database's clock in the statement that adds it. */
  async create(dto: CreateMailingDto): Promise<MailingDto> {
    const given = toNewMailing(dto);
    const mailing = await this.store.insert(given);
    if (!mailing) return this.explainRefusal(dto, given);
    this.announce(mailing, 'created');
    return toMailingDto(mailing);
  }

  /** Mailings, the newest first. */
  async list(query: MailingsQuery): Promise<Page<MailingDto>> {
    const before = this.cursors.read(query.cursor) ?? Number.MAX_SAFE_INTEGER;
    const rows = await this.store.list(query.status, before, query.limit + 1);
    return this.cursors.page(rows, query.limit, ({ id }) => id, toMailingDto);
  }

  async get(id: number): Promise<MailingDto> {
    const mailing = await this.store.find(id);
    if (!mailing) throw Problem.notFound('mailing', id);
    return toMailingDto(mailing);
  }

  /**
   * Changes what is given. A new end is a change that dispatchers must hear of; an earlier one, once the
   * mailing has started, is confirmed by them like a pause.
   */
  async update(id: number, dto: UpdateMailingDto): Promise<ControlledMailingDto> {
    const { mailing, endWas } = await this.orm.transaction(async (manager) => {
      const mailing = await manager.findOne(Mailing, {
        where: { id, deletedAt: IsNull() },
        lock: { mode: 'for_no_key_update' },
      });
      if (!mailing) throw Problem.notFound('mailing', id);
      requireChangeable(mailing, dto);
      const endWas = mailing.endAt;
      const now = await clock(manager);
      Object.assign(mailing, toColumns(dto), { updatedAt: now });
      requireSoundTimes(mailing, dto, now);
      await requireKnownZones(manager, dto.audience);
      if (mailing.endAt.getTime() !== endWas.getTime()) await noteChange(manager, mailing, now);
      return { mailing: await manager.save(mailing), endWas };
    });
    if (mailing.status !== 'scheduled' && mailing.endAt < endWas) {
      return this.control.confirmed(mailing, 'rescheduled');
    }
    this.announce(mailing, 'rescheduled');
    return Object.assign(toMailingDto(mailing), { inFlight: 0, unconfirmedDispatchers: [] });
  }

  /** Deletes a mailing that is not open: gone for everyone at once, while its rows go in pages. */
  async delete(id: number): Promise<void> {
    if (await this.store.delete(id)) return;
    const mailing = await this.store.find(id);
    if (!mailing) throw Problem.notFound('mailing', id);
    throw Problem.conflict(`The mailing is ${mailing.status}: cancel the mailing before you delete it.`);
  }

  /** Says which rule of the statement that adds mailings has refused one. */
  private async explainRefusal(dto: CreateMailingDto, times: NewMailing): Promise<never> {
    return this.orm.transaction(async (manager) => {
      requireSoundTimes(times, dto, await clock(manager));
      await requireKnownZones(manager, dto.audience);
      throw new Error('The mailing was refused for no reason that is known');
    });
  }

  private announce(mailing: Mailing, change: 'created' | 'rescheduled'): void {
    const { id: mailingId, controlVersion: version, startAt, createdAt } = mailing;
    const startsLater = change === 'created' && startAt > createdAt;
    const changed = { mailingId, version, change, ...(startsLater && { startsLater }) };
    this.bus.announce(controlSubjects.mailing, changed, { canWait: startsLater });
  }
}

async function clock(manager: EntityManager): Promise<Date> {
  const [row] = await manager.query<{ now: Date }[]>('SELECT ems_now() AS now');
  if (!row) throw new Error('ems_now() gave no row');
  return row.now;
}

/** Takes the next number for the dispatchers to confirm; see control_version in the schema. */
async function noteChange(manager: EntityManager, mailing: Mailing, now: Date): Promise<void> {
  const [row] = await manager.query<{ version: number }[]>(
    `SELECT nextval('mailing_control_version') AS version`,
  );
  if (!row) throw new Error('nextval gave no row');
  Object.assign(mailing, { controlVersion: row.version, controlAt: now });
}

async function requireKnownZones(manager: EntityManager, audience: Audience | undefined): Promise<void> {
  const zones = audience?.timezones ?? [];
  if (zones.length === 0) return;
  const known = await manager.query<{ name: string }[]>('SELECT name FROM time_zones WHERE name = ANY ($1)', [
    zones,
  ]);
  const names = new Set(known.map(({ name }) => name));
  const errors = zones.flatMap((zone, index) =>
    names.has(zone)
      ? []
      : [
          {
            path: `audience.timezones[${index}]`,
            message: 'must be an IANA time zone that the database knows',
          },
        ],
  );
  if (errors.length > 0) throw Problem.invalid(errors);
}
