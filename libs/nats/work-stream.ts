import {
  AckPolicy,
  type ConsumerConfig,
  type ConsumerInfo,
  DiscardPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';

/**
 * Tickets are re-creatable from Postgres, so the stream forgets them after ten minutes, and the oldest of more
 * than are ever out at a time, rather than grow.
 */
const stream = {
  name: 'EMS_WORK',
  subjects: ['ems.work.>'],
  retention: RetentionPolicy.Workqueue,
  storage: StorageType.File,
  max_age: nanos(600_000),
  max_msgs: 10_000,
  max_msg_size: 1_024,
  discard: DiscardPolicy.Old,
  // Long enough for a publish that is repeated after a lost ack; what makes a ticket new is in its id.
  duplicate_window: nanos(5_000),
} satisfies Partial<StreamConfig> & { name: string };

const consumer = {
  durable_name: 'dispatchers',
  ack_policy: AckPolicy.Explicit,
  ack_wait: nanos(10_000),
  max_deliver: -1,
} satisfies Partial<ConsumerConfig>;

export const workSubject = 'ems.work.batch';

export interface WorkStreamState {
  stream: 'ok' | 'missing';
  consumer: 'ok' | 'missing';
  /** Tickets that nobody has fetched yet. */
  pending: number;
}

/** Creates or corrects the stream and its one durable consumer; safe from many processes at once. */
export async function ensureWorkStream(manager: JetStreamManager): Promise<ConsumerInfo> {
  const { retention, storage, ...streamChanges } = stream;
  const found = await orUndefined(JetStreamApiCodes.StreamNotFound, manager.streams.info(stream.name));
  if (!found) await manager.streams.add({ ...streamChanges, retention, storage });
  else if (differs(found.config, streamChanges)) await manager.streams.update(stream.name, streamChanges);

  const { durable_name: name, ack_policy, ...consumerChanges } = consumer;
  const info = await orUndefined(
    JetStreamApiCodes.ConsumerNotFound,
    manager.consumers.info(stream.name, name),
  );
  if (!info) return manager.consumers.add(stream.name, consumer);
  if (!differs(info.config, { ack_policy, ...consumerChanges })) return info;
  return manager.consumers.update(stream.name, name, consumerChanges);
}

/** What of the two exists. Throws when JetStream does not answer. */
export async function workStreamState(manager: JetStreamManager): Promise<WorkStreamState> {
  const found = await orUndefined(JetStreamApiCodes.StreamNotFound, manager.streams.info(stream.name));
  if (!found) return { stream: 'missing', consumer: 'missing', pending: 0 };
  const info = await orUndefined(
    JetStreamApiCodes.ConsumerNotFound,
    manager.consumers.info(stream.name, consumer.durable_name),
  );
  if (!info) return { stream: 'ok', consumer: 'missing', pending: found.state.messages };
  return { stream: 'ok', consumer: 'ok', pending: info.num_pending };
}

async function orUndefined<Found>(code: number, looking: Promise<Found>): Promise<Found | undefined> {
  try {
    return await looking;
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === code) return undefined;
    throw error;
  }
}

function differs(actual: object, wanted: object): boolean {
  const current = new Map<string, unknown>(Object.entries(actual));
  return Object.entries(wanted).some(
    ([key, value]) => JSON.stringify(current.get(key)) !== JSON.stringify(value),
  );
}
