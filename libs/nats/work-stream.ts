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
  type StreamInfo,
} from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';

/**
 * Tickets are re-creatable from Postgres, so the stream forgets them after ten minutes, and the oldest of more
 * than are ever out at a time, rather than grow.
 */
const changeable = {
  subjects: ['ems.work.>'],
  max_age: nanos(600_000),
  max_msgs: 10_000,
  max_msg_size: 1_024,
  discard: DiscardPolicy.Old,
  // Long enough for a publish that is repeated after a lost ack; what makes a ticket new is in its id.
  duplicate_window: nanos(5_000),
} satisfies Partial<StreamConfig>;

const stream = {
  ...changeable,
  name: 'EMS_WORK',
  retention: RetentionPolicy.Workqueue,
  storage: StorageType.File,
} satisfies Partial<StreamConfig>;

const consumer = {
  durable_name: 'dispatchers',
  ack_policy: AckPolicy.Explicit,
  ack_wait: nanos(10_000),
  max_deliver: -1,
} satisfies Partial<ConsumerConfig>;

/** The server's code for "replicas > 1 not supported in non-clustered mode". */
const NOT_CLUSTERED = 10_074;

export const workSubject = 'ems.work.batch';

export interface WorkStreamState {
  stream: 'ok' | 'missing';
  consumer: 'ok' | 'missing';
  /** Tickets that nobody has fetched yet. */
  pending: number;
  /** Servers that keep the stream. */
  copies: number;
}

/** What came of {@link ensureWorkStream}. */
export interface EnsuredWorkStream {
  consumer: ConsumerInfo;
  /** How many servers keep the stream: fewer than were asked for when there are not as many. */
  copies: number;
}

/**
 * Creates or corrects the stream and its one durable consumer; safe from many processes at once. The consumer
 * is kept in as many copies as the stream, as one is that asks for no number.
 */
export async function ensureWorkStream(
  manager: JetStreamManager,
  replicas: number,
): Promise<EnsuredWorkStream> {
  const copies = copiesOf(await ensureStream(manager, replicas));
  const { durable_name: name, ack_policy, ...changes } = consumer;
  const info = await orUndefined(
    JetStreamApiCodes.ConsumerNotFound,
    manager.consumers.info(stream.name, name),
  );
  if (!info) return { consumer: await manager.consumers.add(stream.name, consumer), copies };
  if (!differs(info.config, { ack_policy, ...changes })) return { consumer: info, copies };
  return { consumer: await manager.consumers.update(stream.name, name, changes), copies };
}

/** What of the two exists. Throws when JetStream does not answer. */
export async function workStreamState(manager: JetStreamManager): Promise<WorkStreamState> {
  const found = await orUndefined(JetStreamApiCodes.StreamNotFound, manager.streams.info(stream.name));
  if (!found) return { stream: 'missing', consumer: 'missing', pending: 0, copies: 0 };
  const copies = copiesOf(found);
  const info = await orUndefined(
    JetStreamApiCodes.ConsumerNotFound,
    manager.consumers.info(stream.name, consumer.durable_name),
  );
  if (!info) return { stream: 'ok', consumer: 'missing', pending: found.state.messages, copies };
  return { stream: 'ok', consumer: 'ok', pending: info.num_pending, copies };
}

async function ensureStream(manager: JetStreamManager, replicas: number): Promise<StreamInfo> {
  const found = await orUndefined(JetStreamApiCodes.StreamNotFound, manager.streams.info(stream.name));
  if (!found) return addStream(manager, replicas);
  // Without a cluster NATS 2.9 agrees to any number, and keeps one copy all the same.
  const wanted = { ...changeable, num_replicas: isClustered(found) ? replicas : 1 };
  if (!differs(found.config, wanted)) return found;
  try {
    return await manager.streams.update(stream.name, wanted);
  } catch (error) {
    const isOtherNumber = found.config.num_replicas !== wanted.num_replicas;
    if (!isOtherNumber || !(error instanceof JetStreamApiError)) throw error;
    return differs(found.config, changeable) ? manager.streams.update(stream.name, changeable) : found;
  }
}

/**
 * A server by itself keeps one copy, which is better than none. A cluster that has too few servers gets no
 * stream before it has them: mostly it has just begun, and a stream that is moved is a while without tickets.
 */
async function addStream(manager: JetStreamManager, replicas: number): Promise<StreamInfo> {
  try {
    return await manager.streams.add({ ...stream, num_replicas: replicas });
  } catch (error) {
    if (replicas === 1 || !(error instanceof JetStreamApiError)) throw error;
    if (error.code === NOT_CLUSTERED) return manager.streams.add({ ...stream, num_replicas: 1 });
    throw new Error(`${replicas} copies (NATS_REPLICAS) are refused: ${error.message}`, { cause: error });
  }
}

function copiesOf(info: StreamInfo): number {
  return isClustered(info) ? info.config.num_replicas : 1;
}

/** A server by itself may tell of a cluster too, but of one without a name. */
function isClustered({ cluster }: StreamInfo): boolean {
  return Boolean(cluster?.name);
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
