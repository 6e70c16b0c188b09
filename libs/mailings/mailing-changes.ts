import { instantOf } from '#libs/payloads';
import { Problem, type FieldError } from '#libs/problems';
import type { CreateMailingDto, UpdateMailingDto } from './mailing.dto.js';
import type { Mailing } from './mailing.entity.js';
import type { NewMailing } from './mailing-store.js';

/** What can be changed once a mailing has started: a text, once sent under an id, stays that text. */
const changeableWhileOpen = new Set(['endAt', 'priority', 'rateLimit']);

/** A mailing as it is without what was not given. */
export function toNewMailing(dto: CreateMailingDto): NewMailing {
  return {
    text: dto.text,
    audience: dto.audience ?? {},
    startAt: instantOf(dto.startAt),
    endAt: instantOf(dto.endAt),
    windowFrom: dto.window?.from ?? null,
    windowTo: dto.window?.to ?? null,
    onAmbiguous: dto.onAmbiguous ?? 'resend',
    priority: dto.priority ?? 0,
    rateLimit: dto.rateLimit ?? null,
  };
}

/** The columns of what was given; what was not given is not there. */
export function toColumns(dto: UpdateMailingDto): Partial<Mailing> {
  const { text, audience, startAt, endAt, window, onAmbiguous, priority, rateLimit } = dto;
  return {
    ...(text !== undefined && { text }),
    ...(audience !== undefined && { audience }),
    ...(startAt !== undefined && { startAt: instantOf(startAt) }),
    ...(endAt !== undefined && { endAt: instantOf(endAt) }),
    ...(window !== undefined && { windowFrom: window?.from ?? null, windowTo: window?.to ?? null }),
    ...(onAmbiguous !== undefined && { onAmbiguous }),
    ...(priority !== undefined && { priority }),
    ...(rateLimit !== undefined && { rateLimit }),
  };
}

/**
 * Throws a {@link Problem} unless the mailing's status lets every given field be changed: all of them before it
 * has started, paused or not.
 */
export function requireChangeable(mailing: Mailing, dto: UpdateMailingDto): void {
  const { status, startedAt } = mailing;
  if (status === 'scheduled' || (status === 'paused' && !startedAt)) return;
  if (status === 'completed' || status === 'cancelled') {
    throw Problem.conflict(`The mailing is ${status}, so it cannot be changed any more.`);
  }
  const fixed = Object.entries(dto).flatMap(([path, value]): FieldError[] =>
    value === undefined || changeableWhileOpen.has(path)
      ? []
      : [{ path, message: `cannot be changed while the mailing is ${status}` }],
  );
  if (fixed.length > 0) {
    const names = fixed.map(({ path }) => path).join(', ');
    throw Problem.conflict(
      `The mailing is ${status}: endAt, priority and rateLimit can still be changed, ${names} cannot.`,
      fixed,
    );
  }
}

/**
 * Throws a {@link Problem} unless the mailing ends in the future and after its start. `given` says which of
 * the two times the caller gave, and so which is named.
 */
export function requireSoundTimes(
  times: Pick<Mailing, 'startAt' | 'endAt'>,
  given: UpdateMailingDto,
  now: Date,
): void {
  const errors: FieldError[] = [];
  if (given.endAt !== undefined && times.endAt <= now) {
    errors.push({ path: 'endAt', message: `must be in the future; the time now is ${now.toISOString()}` });
  } else if (times.endAt <= times.startAt) {
    errors.push(
      given.endAt === undefined
        ? { path: 'startAt', message: 'must be before endAt' }
        : { path: 'endAt', message: 'must be after startAt' },
    );
  }
  if (errors.length > 0) throw Problem.invalid(errors);
}
