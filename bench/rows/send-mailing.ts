import { runToEnd } from '../child.js';
import { type BenchWorld, TOKEN } from '../world.js';

/** The service's own default. */
export const CONNECTIONS = 64;

/** Messages a second of one mailing, from its first request to its last; it is planned meanwhile. */
export async function serviceRate(world: BenchWorld, tag: string, messages: number): Promise<number> {
  await world.sink.reset();
  await world.completed(await world.mailing(tag), messages);
  return world.sink.rate(messages);
}

/** A mailing that is planned to its end and then falls due, at once; returns its id. */
export async function mailingDue(world: BenchWorld, tag: string): Promise<number> {
  await world.hold();
  const id = await world.mailing(tag);
  await world.planned(id);
  await world.sink.reset();
  await world.letGo();
  return id;
}

/** Messages a second of one mailing, from its first request to its last; it was planned before. */
export async function plannedRate(world: BenchWorld, tag: string, messages: number): Promise<number> {
  await world.completed(await mailingDue(world, tag), messages);
  return world.sink.rate(messages);
}

/** Requests a second of a bare pool of the HTTP client that the service uses, in a process of its own. */
export async function bareRate(world: BenchWorld, messages: number): Promise<number> {
  await world.sink.reset();
  await runToEnd('./reference/bare-pool.js', {
    SINK_URL: world.sink.url,
    MESSAGES: String(messages),
    CONNECTIONS: String(CONNECTIONS),
    TOKEN,
  });
  return world.sink.rate(messages);
}
