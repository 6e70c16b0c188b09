import { z } from 'zod';
import { faultSchema, milliseconds } from './fault-schema.js';

/** Everything about the simulated provider that can be changed while it runs. What is absent is the default. */
const behaviourSchema = z
  .strictObject({
    /** Time from a request's last byte to its answer; acceptance is recorded before it. */
    latencyMs: milliseconds.default(0),
    /** Adds an even random share of this to each latency. */
    jitterMs: milliseconds.default(0),
    /** Seed of rates and jitter: the same seed and the same order of requests give the same faults. */
    seed: z.int().default(1),
    /** The first fault in this order that hits a request decides what happens to it. */
    faults: z.array(faultSchema).max(100).default([]),
    /** An id that was accepted before is not accepted again. */
    deduplicate: z.boolean().default(false),
    /** What a deduplicated request is answered: 200 as if it was the first, or 409. */
    duplicateAnswer: z.enum(['ok', 'conflict']).default('ok'),
    /** Idle connections are closed after this time, which answers announce; 0 keeps them for ever. */
    keepAliveMs: milliseconds.default(5_000),
    /** Connections are refused, and those that were open are closed. */
    down: z.boolean().default(false),
    /** Refuses connections for this time, then listens again on the same port. */
    downForMs: milliseconds.min(1).nullable().default(null),
  })
  .transform((behaviour) => ({ ...behaviour, down: behaviour.down || behaviour.downForMs !== null }));

export type Behaviour = z.output<typeof behaviourSchema>;

/** A behaviour was refused; the message is one sentence for each wrong field. */
export class BehaviourError extends Error {
  override readonly name = 'BehaviourError';
}

/** Reads a behaviour as given from outside, defaults filled in. Throws {@link BehaviourError}. */
export function parseBehaviour(given: unknown): Behaviour {
  const parsed = behaviourSchema.safeParse(given);
  if (parsed.success) return parsed.data;
  throw new BehaviourError(
    parsed.error.issues.map((issue) => `${pathOf(issue.path)}: ${issue.message}`).join('; '),
  );
}

/**
 * Reads a change: fields that are absent stay as they are in `current`. `down: false` also ends a `downForMs`
 * that is running, and `down: true` makes it last. Throws {@link BehaviourError}.
 */
export function parseChange(current: Behaviour, given: unknown): Behaviour {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return parseBehaviour(given);
  const endsTimer = 'down' in given && !('downForMs' in given);
  return parseBehaviour({ ...current, ...(endsTimer ? { downForMs: null } : {}), ...given });
}

function pathOf(path: readonly PropertyKey[]): string {
  if (path.length === 0) return 'behaviour';
  return path
    .map((part, index) => (typeof part === 'number' ? `[${part}]` : `${index > 0 ? '.' : ''}${String(part)}`))
    .join('');
}
