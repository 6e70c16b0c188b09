import { afterAll, beforeAll, expect, test } from 'vitest';
import { createClients, statisticsOf, whenCompleted } from '../support/mailing-scenario.js';
import { until } from '../support/until.js';
import { World } from '../support/world.js';

const EACH = 50;
const HOUR = 3_600_000;

/** Their clocks at 20:00 UTC: 01:30, 15:00 or 16:00, 23:00, 06:30 or 07:00. Only New York is outside 22–08. */
const zones = ['Asia/Kolkata', 'America/New_York', 'Europe/Moscow', 'Australia/Lord_Howe'] as const;

let world: World;
const zoneOf = new Map<number, string>();
/** What the database's clock is ahead of this machine's, in milliseconds. */
let ahead = 0;

beforeAll(async () => {
  world = await World.start();
  for (const zone of zones) {
    for (const id of await createClients(world, { count: EACH, timezones: [zone] })) zoneOf.set(id, zone);
  }
});
afterAll(() => world.end());

async function setClock(instant: number): Promise<void> {
  ahead = instant - Date.now();
  await world.shiftClock(`${Math.round(ahead)} milliseconds`);
}

test('a window over midnight is kept in each zone, and the rest waits for its own night', async () => {
  const evening = (Math.floor(Date.now() / (24 * HOUR)) + 2) * 24 * HOUR + 20 * HOUR;
  await setClock(evening);
  const { status, body } = await world.rest.post('/v1/mailings', {
    text: 'Good night',
    audience: {},
    startAt: new Date(evening - 60_000).toISOString(),
    endAt: new Date(evening + 24 * HOUR).toISOString(),
    window: { from: '22:00', to: '08:00' },
  });
  expect(status, JSON.stringify(body)).toBe(201);

  await until('all whose night it is are sent', async () => {
    const { byStatus } = await statisticsOf(world, body.id);
    return byStatus['sent'] === 3 * EACH;
  });
  const night = await requestsByZone(body.id, ahead);
  expect(night.get('America/New_York') ?? []).toEqual([]);
  expect((await statisticsOf(world, body.id)).byStatus).toMatchObject({ pending: EACH });
  await world.provider.forget();

  // 03:30 UTC is 22:30 or 23:30 in New York.
  await setClock(evening + 7.5 * HOUR);
  expect((await whenCompleted(world, body.id)).byStatus).toMatchObject({ sent: 4 * EACH });
  const later = await requestsByZone(body.id, ahead);

  const clocks = [...night, ...later].flatMap(([zone, instants]) =>
    instants.map((at) => [zone, at] as const),
  );
  expect(clocks).toHaveLength(4 * EACH);
  for (const [zone, at] of clocks) {
    const clock = wallClock(zone, at);
    expect(clock >= '22:00' || clock < '08:00', `${zone} at ${clock}`).toBe(true);
  }
});

test('a window that does not open before the end expires at once', async () => {
  const noon = (Math.floor(Date.now() / (24 * HOUR)) + 9) * 24 * HOUR + 9 * HOUR;
  await setClock(noon);
  const { body } = await world.rest.post('/v1/mailings', {
    text: 'Good night',
    audience: { timezones: ['Europe/Moscow'] },
    startAt: new Date(noon - 60_000).toISOString(),
    endAt: new Date(noon + 2 * HOUR).toISOString(),
    window: { from: '22:00', to: '08:00' },
  });
  expect((await whenCompleted(world, body.id)).byStatus).toMatchObject({ expired: EACH, sent: 0 });
});

/** The database's time of each request, by the zone of the client it was for. */
async function requestsByZone(mailingId: number, shift: number): Promise<Map<string, number[]>> {
  const clients = await world.query<{ id: number; clientId: number }>(
    'SELECT id, client_id AS "clientId" FROM messages WHERE mailing_id = $1',
    [mailingId],
  );
  const clientOf = new Map(clients.map((message) => [message.id, message.clientId]));
  const byZone = new Map<string, number[]>();
  for (const request of await world.provider.received()) {
    const zone = zoneOf.get(clientOf.get(request.id) ?? 0) ?? 'nobody';
    byZone.set(zone, [...(byZone.get(zone) ?? []), request.at + shift]);
  }
  return byZone;
}

function wallClock(timeZone: string, at: number): string {
  const format = new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', minute: '2-digit' });
  return format.format(at);
}
