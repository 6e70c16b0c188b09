import type { Scenario } from '../scenario.js';
import type { Stage } from '../stage.js';
import { breakerOpens, probeDeadline } from './provider-watch.js';

/** What leaves open whether it was accepted, in many of the answers. */
const doubtful = [
  { kind: 'acceptThenStatus', status: 500, rate: 0.05 },
  { kind: 'resetAfterBody', accept: true, rate: 0.03 },
  { kind: 'resetAfterBody', rate: 0.03 },
  { kind: 'status', status: 500, rate: 0.03 },
  { kind: 'acceptThenHang', rate: 0.003 },
];

async function killWhileSending(stage: Stage): Promise<void> {
  await stage.whileSending(0.6, async () => {
    const victim = stage.random.pick(stage.world.dispatchers);
    await stage.pass(stage.random.between(200, 1_200));
    await victim.kill();
    await stage.pass(stage.random.between(0, 500));
    await victim.start();
  });
}

const deduplicating: Scenario = {
  name: 'deduplicating-provider',
  what: 'kill -9 of dispatchers and answers in doubt, with a provider that knows an id again: 0 are doubled',
  quick: false,
  options: { deduplicate: true },
  async run(stage) {
    await stage.behave({ latencyMs: 15, jitterMs: 10, faults: doubtful, duplicateAnswer: 'conflict' });
    await stage.load.clients(3_000);
    await stage.load.mailing();
    await stage.load.mailing();
    await stage.received(200);
    await killWhileSending(stage);
  },
};

const holding: Scenario = {
  name: 'hold-what-is-in-doubt',
  what: 'kill -9 of dispatchers and answers in doubt, to mailings that hold those: 0 are doubled, few are held',
  quick: false,
  async run(stage) {
    await stage.behave({ latencyMs: 15, jitterMs: 10, faults: doubtful });
    await stage.load.clients(2_000);
    await stage.load.mailing({ onAmbiguous: 'hold' });
    await stage.load.mailing({ onAmbiguous: 'hold' });
    await stage.received(200);
    await killWhileSending(stage);
  },
};

/** Milliseconds for which the provider knows an id again. */
const KEY_LIFETIME = 6_000;
/** The most that two dispatchers have on the wire. */
const ON_THE_WIRE = 32;

const keysForgotten: Scenario = {
  name: 'keys-forgotten',
  what: 'messages get in doubt, and the provider is away until it has forgotten their ids: they are held',
  quick: false,
  async run(stage) {
    await stage.world.query(`UPDATE providers SET key_lifetime = make_interval(secs => $1::float8 / 1000)`, [
      KEY_LIFETIME,
    ]);
    await stage.behave({ latencyMs: 10 });
    await stage.load.clients(1_500);
    const mailing = await stage.load.mailing();
    await stage.received(100);
    await stage.provider.adjust({ faults: [{ kind: 'acceptThenHang', times: 12 }] });
    // They are in doubt when their time is up, and none of them may be tried again by then.
    await stage.pass(500);
    // What is written to a connection and not read when it closes is in doubt, and in no record.
    stage.allow({ held: ON_THE_WIRE, why: 'requests that closing connections took along' });
    await stage.provider.adjust({ down: true, faults: [] });
    await breakerOpens(stage);
    await stage.pass(KEY_LIFETIME);
    await stage.provider.adjust({ down: false });
    await stage.recovery('an outage longer than keys live', { more: probeDeadline(stage) });
    await stage.completed(mailing);
    await expectNoneAfterItsKey(stage);
  },
};

/** No id comes again when the provider would take it for a new one. */
async function expectNoneAfterItsKey(stage: Stage): Promise<void> {
  const accepted = new Map<number, number>();
  const late: string[] = [];
  for (const { id, at, outcome } of await stage.provider.received()) {
    const first = accepted.get(id);
    if (first !== undefined && at > first + KEY_LIFETIME) late.push(`${id} after ${at - first} ms`);
    if (outcome === 'accepted' && first === undefined) accepted.set(id, at);
  }
  stage.expect(late.length === 0, `sent again after their keys' lifetime: ${late.join(', ')}`);
  const held = await stage.world.query(`SELECT FROM messages WHERE status = 'unknown'`);
  stage.expect(held.length > 0, 'nothing was in doubt for that long, so nothing was shown');
}

export const providerDoubts = [deduplicating, holding, keysForgotten];
