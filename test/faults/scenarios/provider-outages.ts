import type { Scenario } from '../scenario.js';
import type { Stage } from '../stage.js';
import {
  breakerCloses,
  breakerOpens,
  expectNothingBurned,
  nothingOnTheWire,
  probeDeadline,
  someToSend,
  waitingRows,
} from './provider-watch.js';

/** Milliseconds from a request to its answer, and so from one step of a slow start to the next. */
const LATENCY = 100;
/** Connections with which a dispatcher begins, see `send-pace.ts`. */
const FIRST_CONNECTIONS = 8;

/**
 * From the return on, each dispatcher begins with few connections and has twice as many after each round trip.
 * Two more for each are probes, and what was on its way when the breaker closed.
 */
async function expectSlowStart(stage: Stage, since: number): Promise<void> {
  const dispatchers = stage.world.dispatchers.length;
  const after = (await stage.provider.received()).filter(({ at }) => at >= since);
  const began = Math.min(...after.map(({ at }) => at));
  for (let trip = 1; trip <= 4; trip += 1) {
    const most = dispatchers * (FIRST_CONNECTIONS * (2 ** trip - 1) + 2);
    const seen = after.filter(({ at }) => at < began + trip * LATENCY).length;
    stage.expect(seen <= most, `${seen} requests in the first ${trip * LATENCY} ms, at most ${most}`);
  }
}

const STEPS = 10;

/**
 * Ten minutes by the database's clock, which is what due times, probes and leases go by: it is put forward a
 * minute at a time while connections are refused. So there are fewer probes than in ten real minutes.
 */
const tenMinutes: Scenario = {
  name: 'ten-minutes-away',
  what: 'the provider refuses connections for ten minutes (by the database clock, in steps of one minute)',
  quick: false,
  options: { settings: { PROVIDER_CONCURRENCY: '64', MAX_UNRECORDED: '256', GRANT_SIZE: '64' } },
  async run(stage) {
    await stage.behave({ latencyMs: LATENCY });
    await stage.load.clients(4_000);
    await stage.load.mailing({ endsInMs: 7_200_000 });
    await stage.received(300);
    await stage.provider.adjust({ down: true });
    await breakerOpens(stage);
    await nothingOnTheWire(stage);
    const before = await waitingRows(stage);
    for (let step = 0; step < STEPS; step += 1) {
      stage.ledger.clockAheadMs += 60_000;
      await stage.world.setClock();
      await stage.pass(500);
    }
    stage.expect(before === (await waitingRows(stage)), 'rows of waiting messages were rewritten meanwhile');
    const back = Date.now();
    await stage.provider.adjust({ down: false });
    await stage.recovery('ten minutes', { more: probeDeadline(stage) });
    await stage.pass(6 * LATENCY);
    await expectSlowStart(stage, back);
  },
};

const flapping: Scenario = {
  name: 'flapping',
  what: 'the provider refuses connections for moments, again and again, and is back before it is missed or after',
  quick: false,
  async run(stage) {
    await someToSend(stage);
    for (let nth = 0; nth < 5; nth += 1) {
      await stage.pass(stage.random.between(50, 500));
      await stage.provider.adjust({ down: true });
      await stage.pass(stage.random.between(20, 2_000));
      await stage.provider.adjust({ down: false });
      await stage.recovery('being refused', { more: probeDeadline(stage) });
    }
    await breakerCloses(stage);
  },
};

/** Some requests are lost before the provider reads them, and some are accepted without an answer. */
const idleClosed: Scenario = {
  name: 'idle-connections-closed',
  what: 'kept connections are closed by the provider just when they are used again',
  quick: false,
  async run(stage) {
    await stage.behave({
      latencyMs: 1,
      jitterMs: 3,
      faults: [0, 1, 2, 4].map((afterMs) => ({ kind: 'closeIdle', afterMs, rate: 0.08 })),
    });
    await stage.load.clients(3_000);
    const mailing = await stage.load.mailing();
    await stage.completed(mailing);
    await expectNothingBurned(stage, 9);
  },
};

export const providerOutages = [tenMinutes, flapping, idleClosed];
