import { until } from '../support/until.js';
import type { Actor } from './world/actor.js';
import type { FaultWorld } from './world/fault-world.js';

/** Milliseconds beyond the limit after which nobody waits for a recovery any more. */
const PATIENCE = 15_000;
const LOOK_EVERY = 20;

/**
 * Milliseconds from `since` (epoch milliseconds) to the next request that is accepted, whoever sends it, among
 * those after the first `requests`; undefined when there is nothing left to send, and Infinity when there is and
 * nobody did.
 */
export async function recoveryOfAny(
  world: FaultWorld,
  { since, requests, limit }: { since: number; requests: number; limit: number },
): Promise<number | undefined> {
  const next = await until(
    'sending is back',
    async () => {
      const rows = await world.provider.received(requests);
      const found = rows.find(({ outcome, at }) => outcome === 'accepted' && at >= since);
      return found ?? ((await workFor(world)) === 'none' && 'none');
    },
    limit + PATIENCE,
    LOOK_EVERY,
  ).catch(() => undefined);
  if (next === 'none') return undefined;
  return next ? next.at - since : Infinity;
}

/**
 * The same for one dispatcher alone, by its own count, which begins at 0 with its process. What the others have
 * leased, dead or alive, is not for it to send: the time begins anew while there is nothing else.
 */
export async function recoveryOf(
  dispatcher: Actor,
  world: FaultWorld,
  { since, limit }: { since: number; limit: number },
): Promise<number | undefined> {
  let idleUntil = since;
  const end = await until(
    `${dispatcher.name} sends`,
    async () => {
      const lookedAt = Date.now();
      if ((await dispatcher.accepted()) > 0) return 'sends';
      const work = await workFor(world, dispatcher);
      if (work === 'of others') idleUntil = lookedAt;
      if (work === 'none') return work;
      return lookedAt - idleUntil > limit && 'too late';
    },
    limit + PATIENCE,
    LOOK_EVERY,
  ).catch(() => 'too late');
  if (end === 'sends') return Date.now() - idleUntil;
  return end === 'none' || Date.now() - idleUntil <= limit ? undefined : Infinity;
}

/** What is left to send for a dispatcher, or for anyone. Without Postgres nobody knows that there is nothing. */
async function workFor(world: FaultWorld, dispatcher?: Actor): Promise<'some' | 'of others' | 'none'> {
  const rows = await world
    .query<{ some: boolean; own: boolean }>(
      `SELECT unplanned OR EXISTS (SELECT FROM batches WHERE state <> 'done') AS some,
         unplanned OR EXISTS (
           SELECT FROM batches b WHERE state = 'ready'
             OR state = 'leased' AND EXISTS (SELECT FROM dispatchers d WHERE d.id = b.owner AND d.pid = $1)
         ) AS own
       FROM (SELECT EXISTS (SELECT FROM mailings WHERE planned_at IS NULL) AS unplanned)`,
      [dispatcher?.pid ?? 0],
    )
    .catch(() => undefined);
  if (!rows?.[0]) return 'some';
  const [{ some, own }] = rows as [{ some: boolean; own: boolean }];
  if (!some) return 'none';
  return own || !dispatcher ? 'some' : 'of others';
}
