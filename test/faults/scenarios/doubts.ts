import type { Scenario } from '../scenario.js';

const cancelAfterKill: Scenario = {
  name: 'cancel-after-kill',
  what: 'a mailing is cancelled after its dispatcher died with messages on the wire: those may have arrived',
  quick: false,
  options: {
    dispatchers: 1,
    settings: { MAX_UNRECORDED: '16', LEASE_MS: '3000', OWNER_SILENCE_MS: '1500' },
  },
  async run(stage) {
    await stage.behave({ latencyMs: 1_500 });
    await stage.load.clients(1_000);
    const mailing = await stage.load.mailing();
    // A cold start begins with eight connections; the provider has accepted each, and answers none in time.
    await stage.received(8);
    const [dispatcher] = stage.world.dispatchers;
    await dispatcher?.kill();
    const status = await stage.load.control(mailing, 'cancel');
    stage.expect(status === 200, `the cancellation was answered ${status}`);
    await dispatcher?.start();
  },
};

const manyOnTheWire: Scenario = {
  name: 'many-on-the-wire',
  what: 'kill -9 of a dispatcher with more connections than it may have unrecorded, all in use if it could',
  quick: false,
  options: {
    dispatchers: 1,
    settings: {
      PROVIDER_CONCURRENCY: '64',
      MAX_UNRECORDED: '16',
      LEASE_MS: '3000',
      OWNER_SILENCE_MS: '1500',
    },
  },
  async run(stage) {
    await stage.behave({ latencyMs: 5 });
    await stage.load.clients(2_000);
    await stage.load.mailing();
    await stage.received(600);
    // From here on each answer takes longer than the dispatcher has to live.
    await stage.provider.adjust({ latencyMs: 1_500 });
    await stage.pass(1_000);
    const [dispatcher] = stage.world.dispatchers;
    await dispatcher?.kill();
    await stage.provider.adjust({ latencyMs: 5 });
    await dispatcher?.start();
  },
};

const holdDoubts: Scenario = {
  name: 'hold-doubts',
  what: 'kill -9 of dispatchers while they send what is held when in doubt, to a provider that answers 500 now and then',
  quick: false,
  async run(stage) {
    await stage.behave({
      latencyMs: 15,
      faults: [{ kind: 'acceptThenStatus', status: 500, rate: 0.01 }],
    });
    await stage.load.clients(2_000);
    await stage.load.mailing({ onAmbiguous: 'hold' });
    await stage.load.mailing({ onAmbiguous: 'hold' });
    await stage.received(200);
    for (const dispatcher of stage.random.shuffle(stage.world.dispatchers)) {
      await stage.pass(stage.random.between(0, 500));
      await dispatcher.kill();
      await dispatcher.start();
    }
  },
};

export const doubts = [cancelAfterKill, manyOnTheWire, holdDoubts];
