import type { Scenario } from '../scenario.js';
import type { Stage } from '../stage.js';
import { breakerOpens, busiest, probeDeadline } from './provider-watch.js';

/** Messages a second, over all dispatchers. */
const LIMIT = 150;

async function limited(stage: Stage): Promise<void> {
  await stage.behave({ latencyMs: 20 });
  await stage.load.clients(3_000);
  const { status } = await stage.world.rest.patch('/v1/providers/1', { rateLimit: LIMIT });
  stage.expect(status === 200, `the limit was answered ${status}`);
  await stage.load.mailing();
}

/** In any second, by the provider's own record: a twentieth more than the limit, and one for each dispatcher. */
async function expectWithinLimit(stage: Stage): Promise<void> {
  const most = Math.floor(LIMIT * 1.05 + stage.world.dispatchers.length);
  const seen = busiest(await stage.provider.received(), 1_000);
  stage.expect(seen <= most, `${seen} requests in the busiest second, at most ${most}`);
}

/** The rest need not take its time. */
async function lift(stage: Stage): Promise<void> {
  const { status } = await stage.world.rest.patch('/v1/providers/1', { rateLimit: null });
  stage.expect(status === 200, `lifting the limit was answered ${status}`);
}

const limitedReturn: Scenario = {
  name: 'return-under-a-limit',
  what: 'the provider with a rate limit goes and comes back: what was missed is not made up for in a burst',
  quick: false,
  async run(stage) {
    await limited(stage);
    for (let nth = 0; nth < 2; nth += 1) {
      await stage.pass(1_500);
      await stage.provider.adjust({ down: true });
      await breakerOpens(stage);
      await stage.pass(1_500);
      await stage.provider.adjust({ down: false });
      await stage.recovery('an outage', { more: probeDeadline(stage) });
    }
    await stage.pass(2_000);
    await expectWithinLimit(stage);
    await lift(stage);
  },
};

const sharedLimit: Scenario = {
  name: 'limit-of-one-to-four',
  what: 'one dispatcher, then two, then four share a rate limit, one of them is killed and comes back',
  quick: false,
  options: { dispatchers: 1 },
  async run(stage) {
    await limited(stage);
    await stage.received(LIMIT);
    await stage.world.addDispatcher();
    await stage.pass(2_000);
    await Promise.all([stage.world.addDispatcher(), stage.world.addDispatcher()]);
    await stage.pass(2_000);
    const victim = stage.random.pick(stage.world.dispatchers);
    await victim.kill();
    await stage.pass(2_000);
    await victim.start();
    await stage.pass(2_000);
    await expectWithinLimit(stage);
    await lift(stage);
  },
};

export const providerLimits = [limitedReturn, sharedLimit];
