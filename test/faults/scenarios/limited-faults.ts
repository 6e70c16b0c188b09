import type { Scenario } from '../scenario.js';
import { setMailingLimit } from './limit-changes.js';
import { breakerOpens, probeDeadline } from './provider-watch.js';
import { expectHeld } from './wire-rate.js';

const HELD_LIMIT = 60;

const limitedHold: Scenario = {
  name: 'limited-hold',
  what: 'kill -9 of dispatchers that send to a slow provider under a limit what is held when in doubt: 0 are doubled',
  quick: false,
  options: { settings: { MAX_UNRECORDED: '24', LEASE_MS: '3000', OWNER_SILENCE_MS: '1500' } },
  async run(stage) {
    await stage.behave({
      latencyMs: 300,
      jitterMs: 100,
      faults: [{ kind: 'acceptThenStatus', status: 500, rate: 0.02 }],
    });
    await stage.load.clients(1_500);
    const mailing = await stage.load.mailing({ onAmbiguous: 'hold', fields: { rateLimit: HELD_LIMIT } });
    for (let nth = 0; nth < 3; nth += 1) {
      await stage.received((await stage.provider.summary()).requests + 60);
      const victim = stage.random.pick(stage.world.dispatchers);
      await victim.kill();
      await stage.pass(stage.random.between(0, 1_000));
      await victim.start();
    }
    await stage.received((await stage.provider.summary()).requests + 60);
    await expectHeld(stage, HELD_LIMIT);
    await stage.provider.adjust({ latencyMs: 5, jitterMs: 0 });
    await setMailingLimit(stage, mailing, null);
  },
};

const HANGING_LIMIT = 50;

const limitedHanging: Scenario = {
  name: 'limited-hanging',
  what: 'the provider hangs under a mailing with a limit, and comes back: sending does, without a burst',
  quick: false,
  async run(stage) {
    await stage.behave({ latencyMs: 20 });
    await stage.load.clients(800);
    const mailing = await stage.load.mailing({ fields: { rateLimit: HANGING_LIMIT } });
    for (let nth = 0; nth < 2; nth += 1) {
      await stage.received((await stage.provider.summary()).requests + HANGING_LIMIT);
      await stage.provider.adjust({ faults: [{ kind: 'hang' }] });
      // Once it is missed, and once before.
      if (nth === 0) await breakerOpens(stage);
      await stage.pass(stage.random.between(500, 1_500));
      await stage.provider.adjust({ faults: [] });
      await stage.recovery('hanging', { more: probeDeadline(stage) });
    }
    await stage.pass(1_500);
    await expectHeld(stage, HANGING_LIMIT);
    await setMailingLimit(stage, mailing, null);
  },
};

export const limitedFaults = [limitedHold, limitedHanging];
