import { connect } from '@nats-io/transport-node';
import { jetstreamManager } from '@nats-io/jetstream';
import { rm } from 'node:fs/promises';
import { startNats } from '#libs/embedded';
import { until } from '../../support/until.js';
import type { Scenario } from '../scenario.js';
import type { Stage } from '../stage.js';
import { busy } from './busy.js';

/** Requests a second that the provider receives from now on. */
async function rateOver(stage: Stage, milliseconds: number): Promise<number> {
  const before = (await stage.provider.summary()).requests;
  await stage.pass(milliseconds);
  return ((await stage.provider.summary()).requests - before) / (milliseconds / 1_000);
}

/** Waits until tickets flow again: stream and consumer are there, and both were made by a dispatcher. */
async function ticketsFlow(stage: Stage): Promise<void> {
  await until(
    'stream and consumer are there',
    async () => (await stage.world.rest.get('/health')).body.details.workStream.status === 'up',
    15_000,
  );
}

/** Enough for the whole scenario, with a provider that leaves the machine time to breathe. */
async function plenty(stage: Stage): Promise<void> {
  await stage.behave({ latencyMs: 30, jitterMs: 10 });
  await stage.load.clients(3_000);
  for (let nth = 0; nth < 4; nth += 1) await stage.load.mailing();
  await stage.received(500);
}

const natsLongAway: Scenario = {
  name: 'nats-long-away',
  what: 'NATS is away for eight seconds: sending goes on from Postgres, and a pause is confirmed by rows',
  quick: false,
  async run(stage) {
    await plenty(stage);
    const usual = await rateOver(stage, 2_000);
    await stage.world.nats.terminate();
    // Whoever waits for a ticket finds out first.
    await stage.pass(2_000);
    const without = await rateOver(stage, 3_000);
    stage.expectPace(
      without >= usual / 2,
      `${without.toFixed(0)}/s without NATS, ${usual.toFixed(0)}/s before`,
    );
    // The first may be over by now.
    const paused = [...stage.ledger.mailings.values()].at(-1);
    const status = paused && (await stage.load.control(paused, 'pause'));
    stage.expect(
      status === 200 && paused?.controls.at(-1)?.state === 'stopped',
      'not confirmed without NATS',
    );
    if (paused) await stage.load.control(paused, 'resume');
    await stage.world.nats.start();
    await stage.recovery('NATS');
    await ticketsFlow(stage);
  },
};

const natsWiped: Scenario = {
  name: 'nats-wiped',
  what: 'the streams of NATS are wiped while it is down, and it comes back empty',
  quick: false,
  async run(stage) {
    await plenty(stage);
    await stage.world.nats.kill();
    await rm(stage.world.natsStore, { recursive: true, force: true });
    await stage.world.nats.start();
    await stage.recovery('NATS');
    await ticketsFlow(stage);
  },
};

const natsStreamDeleted: Scenario = {
  name: 'nats-stream-deleted',
  what: 'the consumer of the tickets is deleted while messages are sent, and then their stream',
  quick: false,
  async run(stage) {
    await busy(stage);
    const connection = await connect({ servers: stage.world.natsUrl });
    try {
      const manager = await jetstreamManager(connection);
      for (const what of ['consumer', 'stream'] as const) {
        stage.world.nats.write(`its ${what} is deleted`);
        if (what === 'consumer') await manager.consumers.delete('EMS_WORK', 'dispatchers');
        else await manager.streams.delete('EMS_WORK');
        await stage.recovery(`the ${what}`);
        await ticketsFlow(stage);
      }
    } finally {
      await connection.close();
    }
  },
};

const natsWithoutJetStream: Scenario = {
  name: 'nats-without-jetstream',
  what: 'NATS comes back without JetStream, as a server does that was started by its defaults, and later with it',
  quick: false,
  async run(stage) {
    await plenty(stage);
    const port = Number(new URL(stage.world.natsUrl).port);
    await stage.world.nats.terminate();
    const plain = await startNats({
      storeDir: `${stage.world.natsStore}-plain`,
      port,
      configExtra: 'jetstream: disabled',
    });
    try {
      stage.world.nats.write('comes back without JetStream');
      await stage.recovery('NATS without JetStream');
      const [paused] = stage.ledger.mailings.values();
      const status = paused && (await stage.load.control(paused, 'pause'));
      stage.expect(status === 200, `a pause was answered with ${status}`);
      if (paused) await stage.load.control(paused, 'resume');
      await stage.pass(2_000);
    } finally {
      await plain.kill();
    }
    await stage.world.nats.start();
    await stage.recovery('NATS with JetStream');
    await ticketsFlow(stage);
  },
};

export const nats = [natsLongAway, natsWiped, natsStreamDeleted, natsWithoutJetStream];
