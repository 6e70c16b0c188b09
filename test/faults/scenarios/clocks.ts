import { request } from 'undici';
import type { Scenario } from '../scenario.js';
import { faketime } from '../tool.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const KOLKATA = 5.5 * HOUR;

/** A wall clock that is off by minutes, with the monotonic one left alone. */
function wrongClock(minutes: number): Record<string, string> {
  return {
    LD_PRELOAD: faketime.file ?? '',
    FAKETIME: `${minutes < 0 ? '' : '+'}${minutes}m`,
    DONT_FAKE_MONOTONIC: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  };
}

/** The beginning of the hour that clocks in Kolkata show, some hours later than at `at`: `14:00`. */
function hourInKolkata(at: number, later: number): string {
  return `${String(new Date(at + KOLKATA + later * HOUR).getUTCHours()).padStart(2, '0')}:00`;
}

const wrongClocks: Scenario = {
  name: 'wrong-clocks',
  what: 'the wall clocks of two dispatchers and of the API are minutes off: starts, windows, ends, retries and leases hold',
  quick: false,
  needs: faketime,
  options: { dispatchers: 1, apiEnv: wrongClock(4) },
  async run(stage) {
    const { world, load } = stage;
    const { headers } = await request(`http://127.0.0.1:${world.settings['PORT']}/health/live`);
    const ahead = Date.parse(String(headers.date)) - Date.now();
    stage.expect(ahead > 3 * MINUTE, `the clock of the API is only ${ahead} ms off`);
    await stage.behave({ latencyMs: 20, faults: [{ kind: 'codeBody', code: 5, every: 4 }] });
    await world.addDispatcher({ env: wrongClock(7) });
    await world.addDispatcher({ env: wrongClock(-11) });
    await load.clients(900, { timezones: ['Asia/Kolkata', 'Europe/Moscow'] });
    // At half past the hour of UTC clocks in Kolkata turn to the next hour.
    const turn = (Math.floor(Date.now() / HOUR) + 1.5) * HOUR;
    await stage.setClock(turn - 10_000);
    const [present, next, afterNext] = [-1, 0, 1].map((later) => hourInKolkata(turn, later));
    await load.mailing({ endsInMs: 6_000 });
    await load.mailing({ startsInMs: 4_000, endsInMs: 25_000 });
    await load.mailing({ endsInMs: 25_000, window: { from: present ?? '', to: next ?? '' } });
    await load.mailing({ endsInMs: 25_000, window: { from: next ?? '', to: afterNext ?? '' } });
    await stage.received(200);
    const [right] = world.dispatchers;
    await stage.pass(2_000);
    await right?.kill();
    await stage.recovery('the loss of the one with the right clock');
    await stage.pass(8_000);
    await right?.start();
  },
};

export const clocks = [wrongClocks];
