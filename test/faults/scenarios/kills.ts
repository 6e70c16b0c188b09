import type { Scenario } from '../scenario.js';
import type { Stage } from '../stage.js';
import { busy, busyForLong, hurry } from './busy.js';

const killDispatchers: Scenario = {
  name: 'kill-dispatchers',
  what: 'kill -9 of one dispatcher after the other, at random moments, while both send',
  quick: true,
  async run(stage) {
    await busyForLong(stage);
    await stage.whileSending(0.6, async () => {
      const victim = stage.random.pick(stage.world.dispatchers);
      await stage.pass(stage.random.between(200, 1_000));
      await victim.kill();
      await stage.pass(stage.random.between(0, 500));
      await victim.start();
      await stage.recovery(victim.name, { by: victim });
    });
    await hurry(stage);
  },
};

const killTheOnlyDispatcher: Scenario = {
  name: 'kill-only-dispatcher',
  what: 'kill -9 of the only dispatcher with messages on the wire, and nobody else to go on',
  quick: false,
  options: { dispatchers: 1 },
  async run(stage) {
    await busyForLong(stage);
    const [dispatcher] = stage.world.dispatchers;
    for (let nth = 0; nth < 3; nth += 1) {
      await stage.pass(stage.random.between(300, 1_000));
      await dispatcher?.kill();
      await dispatcher?.start();
      if (dispatcher) await stage.recovery('dispatcher', { by: dispatcher });
    }
    await hurry(stage);
  },
};

const killApi: Scenario = {
  name: 'kill-api',
  what: 'kill -9 of the API, again and again, while messages are sent',
  quick: false,
  async run(stage) {
    await busy(stage);
    for (let nth = 0; nth < 3; nth += 1) {
      await stage.pass(stage.random.between(0, 500));
      await stage.world.api.kill();
      await stage.world.api.start();
      await stage.recovery('API');
    }
  },
};

const killNats: Scenario = {
  name: 'kill-nats',
  what: 'kill -9 of NATS, again and again, with pauses in which it is away',
  quick: false,
  async run(stage) {
    await busy(stage);
    for (let nth = 0; nth < 3; nth += 1) {
      await stage.pass(stage.random.between(0, 500));
      await stage.world.nats.kill();
      await stage.pass(stage.random.between(0, 1_500));
      await stage.world.nats.start();
      await stage.recovery('NATS');
    }
  },
};

const withoutNats: Scenario = {
  name: 'without-nats',
  what: 'a mailing is created, planned and sent while NATS is away, and NATS comes back',
  quick: true,
  async run(stage) {
    await stage.world.nats.kill();
    await busy(stage);
    await stage.whileSending(0.9, () => stage.pass(50));
    await stage.world.nats.start();
  },
};

const killPostgres: Scenario = {
  name: 'kill-postgres',
  what: 'kill -9 of Postgres under load, again and again',
  quick: false,
  async run(stage) {
    await busy(stage);
    for (let nth = 0; nth < 3; nth += 1) {
      await stage.pass(stage.random.between(100, 800));
      await stage.world.postgres.kill();
      await stage.pass(stage.random.between(0, 1_000));
      await stage.world.postgres.start();
      await stage.recovery('Postgres');
    }
  },
};

async function allSendAgain(stage: Stage): Promise<void> {
  const since = Date.now();
  await Promise.all([
    stage.recovery('everything', { since }),
    ...stage.world.dispatchers.map((by) => stage.recovery(by.name, { since, by })),
  ]);
}

const killEverything: Scenario = {
  name: 'kill-everything',
  what: 'kill -9 of everything at once, started again in random order',
  quick: true,
  async run(stage) {
    await busyForLong(stage);
    const { world, random } = stage;
    await stage.times(3, async () => {
      await stage.pass(random.between(200, 800));
      const all = [world.postgres, world.nats, world.api, ...world.dispatchers];
      await Promise.all(random.shuffle(all).map((actor) => actor.kill()));
      // The API is not needed to send, and NATS is not either.
      const needed = [world.postgres, ...world.dispatchers];
      let back: Promise<unknown> | undefined;
      for (const actor of random.shuffle(all)) {
        // Whoever comes first serves without the others.
        await actor.start();
        if (needed.every(({ running }) => running)) back ??= allSendAgain(stage);
        await stage.pass(random.between(0, 300));
      }
      await back;
    });
    await hurry(stage);
  },
};

export const kills = [
  killDispatchers,
  killTheOnlyDispatcher,
  killApi,
  killNats,
  withoutNats,
  killPostgres,
  killEverything,
];
