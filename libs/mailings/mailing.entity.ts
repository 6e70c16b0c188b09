import { Column, CreateDateColumn, Entity, PrimaryGeneratedColumn } from 'typeorm';
import { ambiguityPolicies, type AmbiguityPolicy } from './ambiguity-policy.js';
import type { Audience } from './audience.js';
import { mailingStatuses, type MailingStatus } from './mailing-status.js';

/** A campaign, without the columns that belong to its planning. */
@Entity('mailings')
export class Mailing {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' })
  id!: number;

  @Column('text')
  text!: string;

  @Column('jsonb')
  audience!: Audience;

  @Column('timestamptz', { name: 'start_at' })
  startAt!: Date;

  @Column('timestamptz', { name: 'end_at' })
  endAt!: Date;

  /** The local time of day from which, and until which, a client may be sent to; both or neither. */
  @Column('time', { name: 'window_from', nullable: true })
  windowFrom!: string | null;

  @Column('time', { name: 'window_to', nullable: true })
  windowTo!: string | null;

  /** What becomes of a message that may have been sent. */
  @Column('enum', {
    name: 'on_ambiguous',
    enum: ambiguityPolicies,
    enumName: 'ambiguity_policy',
    default: 'resend',
  })
  onAmbiguous!: AmbiguityPolicy;

  /** Higher goes first. */
  @Column('smallint')
  priority!: number;

  /** Messages a second; null for as fast as they go. */
  @Column('integer', { name: 'rate_limit', nullable: true })
  rateLimit!: number | null;

  @Column('enum', { enum: mailingStatuses, enumName: 'mailing_status', default: 'scheduled' })
  status!: MailingStatus;

  /** Grows with each change that dispatchers have to confirm. */
  @Column('bigint', { name: 'control_version', default: 0 })
  controlVersion!: number;

  @Column('timestamptz', { name: 'started_at', nullable: true })
  startedAt!: Date | null;

  @Column('timestamptz', { name: 'finished_at', nullable: true })
  finishedAt!: Date | null;

  /** When the control version was taken. */
  @Column('timestamptz', { name: 'control_at', nullable: true })
  controlAt!: Date | null;

  /** A deleted mailing is gone for everyone but the one who clears its rows away. */
  @Column('timestamptz', { name: 'deleted_at', nullable: true })
  deletedAt!: Date | null;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'updated_at', default: () => 'now()' })
  updatedAt!: Date;
}
