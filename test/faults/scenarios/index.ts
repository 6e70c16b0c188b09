import type { Scenario } from '../scenario.js';
import { control } from './control.js';
import { doubts } from './doubts.js';
import { ends } from './ends.js';
import { freezes } from './freezes.js';
import { kills } from './kills.js';
import { repetitions } from './repetitions.js';
import { planning } from './planning.js';
import { restarts } from './restarts.js';

/** Every scenario, in the order in which they are played. */
export const scenarios: readonly Scenario[] = [
  ...kills,
  ...repetitions,
  ...restarts,
  ...planning,
  ...freezes,
  ...doubts,
  ...control,
  ...ends,
];
