import type { LedgerMailing } from '../ledger.js';
import type { Scenario } from '../scenario.js';
import type { Stage } from '../stage.js';
import { type Limit, WireRate } from './wire-rate.js';

/** Milliseconds after the answer to a change in which what went before may still be sent. */
const TAKES_HOLD_IN = 1_000;
const LOOKED_AT_FOR = 1_600;

/** Sets the provider's limit, in messages a second over all dispatchers; null lifts it. */
export async function setProviderLimit(stage: Stage, rateLimit: number | null): Promise<void> {
  const { status } = await stage.world.rest.patch('/v1/providers/1', { rateLimit });
  stage.expect(status === 200, `the limit of ${rateLimit} was answered ${status}`);
}

/** Sets a mailing's own limit; null lifts it. */
export async function setMailingLimit(
  stage: Stage,
  { id }: LedgerMailing,
  rateLimit: number | null,
): Promise<void> {
  const { status } = await stage.world.rest.patch(`/v1/mailings/${id}`, { rateLimit });
  stage.expect(status === 200, `the limit of ${rateLimit} of mailing ${id} was answered ${status}`);
}

async function settled(
  stage: Stage,
  wire: WireRate,
  name: string,
  limits: readonly Limit[],
  between?: 'changed',
): Promise<void> {
  await stage.pass(TAKES_HOLD_IN);
  await wire.phase(name, limits, { ms: LOOKED_AT_FOR, ...(between ? { between } : {}) });
}

const limitsChange: Scenario = {
  name: 'limits-change',
  what: "a provider's limit is lowered, raised, lifted and set again while messages are sent, and holds a second later",
  quick: false,
  async run(stage) {
    await stage.behave({ latencyMs: 60 });
    await stage.load.clients(3_500);
    await setProviderLimit(stage, 150);
    await stage.load.mailing();
    await stage.received(20);
    const wire = new WireRate(stage);
    await settled(stage, wire, 'set', [{ limit: 150 }]);
    await setProviderLimit(stage, 40);
    await settled(stage, wire, 'lowered', [{ limit: 40 }], 'changed');
    await setProviderLimit(stage, 200);
    await settled(stage, wire, 'raised', [{ limit: 200 }], 'changed');
    // Each time slots are being asked for, and what was granted without one waits for a connection.
    for (let nth = 0; nth < 3; nth += 1) {
      await setProviderLimit(stage, null);
      await stage.pass(stage.random.between(200, 600));
      await setProviderLimit(stage, 120);
      await stage.pass(stage.random.between(0, 300));
    }
    await settled(stage, wire, 'lifted and set again', [{ limit: 120 }]);
    await stage.provider.adjust({ latencyMs: 5 });
    await setProviderLimit(stage, null);
    await wire.judge();
  },
};

const limitsTogether: Scenario = {
  name: 'limits-together',
  what: "mailings with limits of their own under a provider's: each holds at the wire, and after each change",
  quick: false,
  async run(stage) {
    await stage.behave({ latencyMs: 20 });
    await stage.load.clients(2_000);
    await setProviderLimit(stage, 100);
    const slow = await stage.load.mailing({ fields: { rateLimit: 30 } });
    const other = await stage.load.mailing();
    await stage.received(50);
    const wire = new WireRate(stage);
    await settled(stage, wire, 'one has a limit', [{ limit: 30, of: slow, isSlack: true }, { limit: 100 }]);
    await setMailingLimit(stage, slow, 20);
    await setMailingLimit(stage, other, 40);
    const less: Limit[] = [
      { limit: 20, of: slow },
      { limit: 40, of: other },
      { limit: 100, isSlack: true },
    ];
    await settled(stage, wire, 'both have, less than the provider', less, 'changed');
    await setProviderLimit(stage, 40);
    await setMailingLimit(stage, slow, 30);
    const more: Limit[] = [
      { limit: 30, of: slow, isSlack: true },
      { limit: 40, of: other, isSlack: true },
      { limit: 40 },
    ];
    await settled(stage, wire, 'both have, more than the provider', more, 'changed');
    await setMailingLimit(stage, slow, null);
    await setMailingLimit(stage, other, null);
    await setProviderLimit(stage, null);
    await wire.judge();
  },
};

export const limitChanges = [limitsChange, limitsTogether];
