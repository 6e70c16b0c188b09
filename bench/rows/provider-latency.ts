import { findingOf, inTurn, ratioAtLeast } from '../finding.js';
import type { Row } from '../row.js';
import { BenchWorld } from '../world.js';

/**
 * Messages a second in the steady state: counted over some seconds while there is enough to send, once every
 * connection is in use.
 */
async function steadyRate(world: BenchWorld, latencyMs: number, rounds: number): Promise<number> {
  // The first requests are few, and grow with the answers.
  await pass(latencyMs * 10 + 2_000);
  const before = await world.sink.report();
  const startedAt = performance.now();
  await pass(latencyMs * rounds);
  const after = await world.sink.report();
  return (after.requests - before.requests) / ((performance.now() - startedAt) / 1_000);
}

function pass(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** A world with a mailing that outlasts the measurement, which is gone afterwards. */
async function whileSending(
  world: BenchWorld,
  latencyMs: number,
  measure: () => Promise<number>,
): Promise<number> {
  await world.sink.reset(latencyMs);
  const id = await world.mailing('all');
  try {
    return await measure();
  } finally {
    await world.pause(id);
    await world.forgetAll();
  }
}

export const scaleOut: Row = {
  name: 'scale-out',
  async measure() {
    const latencyMs = 100;
    const world = await BenchWorld.start();
    try {
      await world.clients(100_000, 'all');
      const rateOf = async (dispatchers: number) => {
        await world.scaleTo(dispatchers);
        return whileSending(world, latencyMs, () => steadyRate(world, latencyMs, 60));
      };
      const rounds = await inTurn(
        3,
        () => rateOf(4),
        () => rateOf(1),
      );
      const what = 'messages/s of four dispatchers, to one; the provider takes 100 ms, 64 connections each';
      return [findingOf(this.name, what, rounds, ratioAtLeast(3.5))];
    } finally {
      await world.end();
    }
  },
};

export const longProvider: Row = {
  name: 'long-provider',
  async measure() {
    const latencyMs = 2_000;
    const connections = 512;
    const world = await BenchWorld.start({ settings: { PROVIDER_CONCURRENCY: String(connections) } });
    try {
      await world.clients(50_000, 'all');
      // Two: a provider this slow leaves the machine with nothing to do, and the figures don't differ.
      const rounds = await inTurn(
        2,
        () => whileSending(world, latencyMs, () => steadyRate(world, latencyMs, 5)),
        async () => connections / (latencyMs / 1_000),
      );
      const what = "messages/s to a provider that takes 2 s, to Little's law for 512 connections";
      return [findingOf(this.name, what, rounds, ratioAtLeast(0.9))];
    } finally {
      await world.end();
    }
  },
};
