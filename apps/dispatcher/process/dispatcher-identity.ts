import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';

/** This process among the dispatchers: a new one at each start, so that a lease never outlives its owner. */
export class DispatcherIdentity {
  readonly id = randomUUID();
  readonly host = hostname();
  readonly pid = process.pid;
  /** The shard of the counters this dispatcher writes to; known once it is registered. */
  shard = 0;
}
