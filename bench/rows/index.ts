import type { Row } from '../row.js';
import { api } from './api.js';
import { backlog } from './backlog.js';
import { latency } from './latency.js';
import { memory } from './memory.js';
import { natsAway } from './nats-away.js';
import { overload } from './overload.js';
import { peers } from './peers.js';
import { plan } from './plan.js';
import { longProvider, scaleOut } from './provider-latency.js';
import { send } from './send.js';
import { statistics } from './statistics.js';
import { twoDispatchers } from './two-dispatchers.js';
import { urgent } from './urgent.js';

/** In the order of the table. */
export const rows: readonly Row[] = [
  send,
  peers,
  plan,
  statistics,
  api,
  overload,
  twoDispatchers,
  scaleOut,
  longProvider,
  backlog,
  urgent,
  latency,
  memory,
  natsAway,
];
