import type { Scenario } from '../scenario.js';
import type { Stage } from '../stage.js';
import { setProviderLimit } from './limit-changes.js';
import { breakerOpens, probeDeadline } from './provider-watch.js';
import { expectHeld, WireRate } from './wire-rate.js';

/** Messages a second, over all dispatchers. */
const LIMIT = 100;

async function limited(stage: Stage, clients: number): Promise<void> {
  await stage.behave({ latencyMs: 20 });
  await stage.load.clients(clients);
  await setProviderLimit(stage, LIMIT);
  await stage.load.mailing();
}

const limitedReturn: Scenario = {
  name: 'return-under-a-limit',
  what: 'the provider with a rate limit goes and comes back: what was missed is not made up for in a burst',
  quick: false,
  async run(stage) {
    await limited(stage, 3_000);
    for (let nth = 0; nth < 2; nth += 1) {
      await stage.pass(1_500);
      await stage.provider.adjust({ down: true });
      await breakerOpens(stage);
      await stage.pass(1_500);
      await stage.provider.adjust({ down: false });
      await stage.recovery('an outage', { more: probeDeadline(stage) });
    }
    await stage.pass(2_000);
    await expectHeld(stage, LIMIT);
    // The rest need not take its time.
    await setProviderLimit(stage, null);
  },
};

const sharedLimit: Scenario = {
  name: 'limit-of-one-to-four',
  what: 'one dispatcher, then two, then four share a rate limit, one of them is killed and comes back',
  quick: false,
  options: { dispatchers: 1 },
  async run(stage) {
    await limited(stage, 5_000);
    await stage.received(LIMIT / 2);
    const wire = new WireRate(stage);
    // What a change brings is judged with the number of dispatchers that is larger, before or after it.
    const phase = (name: string) => wire.phase(name, [{ limit: LIMIT }], { ms: 2_000, between: 'sinceLast' });
    await phase('one');
    await stage.world.addDispatcher();
    await phase('two');
    await Promise.all([stage.world.addDispatcher(), stage.world.addDispatcher()]);
    await phase('four');
    const victim = stage.random.pick(stage.world.dispatchers);
    await victim.kill();
    await phase('one of four is dead');
    await victim.start();
    await phase('it is back');
    await wire.judge();
    await stage.provider.adjust({ latencyMs: 5 });
    await setProviderLimit(stage, null);
  },
};

export const providerLimits = [limitedReturn, sharedLimit];
