import { until } from './until.js';
import type { World } from './world.js';

/** Twelve zones on both sides of UTC, with half-hour ones among them. */
export const twelveZones = [
  'Europe/Moscow',
  'Asia/Kolkata',
  'America/New_York',
  'Australia/Lord_Howe',
  'Europe/London',
  'Asia/Tokyo',
  'America/Sao_Paulo',
  'Africa/Nairobi',
  'Asia/Kathmandu',
  'Pacific/Auckland',
  'America/Los_Angeles',
  'America/St_Johns',
] as const;

export interface ClientGroup {
  count: number;
  tags?: string[];
  operatorCode?: string;
  timezones?: readonly string[];
}

let nextPhone = 79_001_000_000;

/** Creates clients through the API, a thousand a call; returns their ids. */
export async function createClients(world: World, group: ClientGroup): Promise<number[]> {
  const zones = group.timezones ?? ['Europe/Moscow'];
  const ids: number[] = [];
  for (let made = 0; made < group.count; made += 1_000) {
    const items = Array.from({ length: Math.min(1_000, group.count - made) }, (_, index) => ({
      phone: `+${(nextPhone += 1)}`,
      tags: group.tags ?? [],
      timezone: zones[index % zones.length],
      ...(group.operatorCode ? { operatorCode: group.operatorCode } : {}),
    }));
    const { status, body } = await world.rest.post('/v1/clients/batch', { items });
    if (status !== 200) throw new Error(`Clients were refused: ${JSON.stringify(body)}`);
    for (const item of body.items) {
      if (item.status !== 'created') throw new Error(`A client was refused: ${JSON.stringify(item)}`);
      ids.push(item.client.id);
    }
  }
  return ids;
}

/** Creates a mailing through the API; instants are milliseconds from now. Returns its id. */
export async function createMailing(
  world: World,
  mailing: { startsInMs?: number; endsInMs?: number; [field: string]: unknown } = {},
): Promise<number> {
  const { startsInMs = -1_000, endsInMs = 600_000, ...fields } = mailing;
  const { status, body } = await world.rest.post('/v1/mailings', {
    text: 'Hello',
    audience: {},
    startAt: new Date(Date.now() + startsInMs).toISOString(),
    endAt: new Date(Date.now() + endsInMs).toISOString(),
    ...fields,
  });
  if (status !== 201) throw new Error(`The mailing was refused: ${JSON.stringify(body)}`);
  return body.id;
}

/** Waits until a mailing is completed, and returns its statistics. */
export async function whenCompleted(
  world: World,
  mailingId: number,
  withinMs?: number,
): Promise<{ total: number; byStatus: Record<string, number> }> {
  await until(
    `mailing ${mailingId} is completed`,
    async () => {
      const { body } = await world.rest.get(`/v1/mailings/${mailingId}`);
      if (body.status === 'completed') return true;
      const statistics = await world.rest.get(`/v1/mailings/${mailingId}/statistics`);
      throw new Error(`${body.status} ${JSON.stringify(statistics.body)}`);
    },
    withinMs,
    100,
  );
  return statisticsOf(world, mailingId);
}

export async function statisticsOf(
  world: World,
  mailingId: number,
): Promise<{ total: number; byStatus: Record<string, number> }> {
  return (await world.rest.get(`/v1/mailings/${mailingId}/statistics`)).body;
}

/** Message ids by the client they are for, as the database has them. */
export async function messagesOf(
  world: World,
  mailingId: number,
): Promise<{ id: number; clientId: number; status: string; attempts: number }[]> {
  return world.query(
    'SELECT id, client_id AS "clientId", status, attempts::int FROM messages WHERE mailing_id = $1 ORDER BY id',
    [mailingId],
  );
}

/** How often the provider accepted each message id. */
export async function acceptedTimes(world: World): Promise<Map<number, number>> {
  const times = new Map<number, number>();
  for (const { id, outcome } of await world.provider.received()) {
    if (outcome === 'accepted' || outcome === 'duplicate') times.set(id, (times.get(id) ?? 0) + 1);
  }
  return times;
}

/** Acceptances beyond the first of each id. */
export async function countDuplicates(world: World): Promise<number> {
  let duplicates = 0;
  for (const times of (await acceptedTimes(world)).values()) duplicates += times - 1;
  return duplicates;
}
