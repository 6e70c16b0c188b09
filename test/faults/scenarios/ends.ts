import { WallClock } from '../../support/window-oracle.js';
import type { Scenario } from '../scenario.js';
import type { Stage } from '../stage.js';

const endInMidSend: Scenario = {
  name: 'end-in-mid-send',
  what: 'mailings end, one of them earlier than it was to, while a slow provider has a queue before it',
  quick: true,
  options: { settings: { PROVIDER_CONCURRENCY: '4' } },
  async run(stage) {
    // Whoever is granted 64 messages at the last moment would need two seconds for them.
    await stage.behave({ latencyMs: 100 });
    await stage.load.clients(500);
    const endsInMs = 4_000;
    await stage.load.mailing({ endsInMs });
    const shortened = await stage.load.mailing();
    await stage.received(30);
    stage.expect(await stage.load.moveEnd(shortened, 2_000), 'the end could not be moved');
    await stage.pass(endsInMs);
  },
};

/** A second at which clocks on walls turn: it is then 03:00 instead of 02:00 in New York, and 12:30 in Kolkata. */
const turnOfTheHour = Date.parse('2027-03-14T07:00:00Z');
const zones = [
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
  'America/Chicago',
  'Australia/Sydney',
  'Pacific/Chatham',
  'UTC',
];
const windows = [
  // Closes in New York with the hour that does not exist, opens in Chicago.
  { from: '01:00', to: '02:30' },
  // Over midnight: opens in Los Angeles, closes in New York.
  { from: '23:00', to: '03:00' },
  // Opens in Kolkata at half past twelve, closes in Sydney.
  { from: '12:30', to: '18:00' },
];

const localWindows: Scenario = {
  name: 'local-windows',
  what: 'windows open and close in sixteen zones at one moment, over midnight and in the night the clocks go forward',
  quick: false,
  async run(stage) {
    await stage.behave({ latencyMs: 5 });
    await stage.load.clients(160, { timezones: zones });
    await stage.setClock(turnOfTheHour - 8_000);
    const endsInMs = 20_000;
    for (const window of windows) await stage.load.mailing({ window, endsInMs });
    await stage.received(1);
    await stage.pass(endsInMs);
    await expectAllThatCouldBeSent(stage);
  },
};

/** Whose window is open for five seconds of the mailing's time is sent to; whose never opens is not. */
async function expectAllThatCouldBeSent(stage: Stage): Promise<void> {
  for (const { id, startAt, ends, window } of stage.ledger.mailings.values()) {
    if (!window) continue;
    const rows = await stage.world.query<{ clientId: number; status: string }>(
      'SELECT client_id AS "clientId", status FROM messages WHERE mailing_id = $1',
      [id],
    );
    const status = new Map(rows.map((row) => [row.clientId, row.status]));
    for (const client of stage.ledger.clients.values()) {
      const minute = 60_000;
      const open = new WallClock(client.timezone, turnOfTheHour - minute, turnOfTheHour + minute)
        .openSpans(window)
        .reduce((sum, { opensAt, closesAt }) => {
          const from = Math.max(opensAt, startAt);
          return sum + Math.max(0, Math.min(closesAt, ends[0]?.state ?? 0) - from);
        }, 0);
      const wanted = open >= 5_000 ? 'sent' : open === 0 ? 'expired' : undefined;
      const is = status.get(client.id);
      stage.expect(
        wanted === undefined || is === wanted,
        `${is} and not ${wanted}: mailing ${id}, a client in ${client.timezone}`,
      );
    }
  }
}

export const ends = [endInMidSend, localWindows];
