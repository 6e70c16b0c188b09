import type { Scenario } from '../scenario.js';
import { kills } from './kills.js';

/** Every scenario, in the order in which they are played. */
export const scenarios: readonly Scenario[] = [...kills];
