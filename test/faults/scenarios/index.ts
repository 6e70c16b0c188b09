import type { Scenario } from '../scenario.js';
import { clocks } from './clocks.js';
import { control } from './control.js';
import { doubts } from './doubts.js';
import { ends } from './ends.js';
import { freezes } from './freezes.js';
import { kills } from './kills.js';
import { limitChanges } from './limit-changes.js';
import { limitedFaults } from './limited-faults.js';
import { lostAnswersOfPostgres } from './lost-answers.js';
import { nats } from './nats.js';
import { plannerKills } from './planner-kills.js';
import { postgresAway } from './postgres-away.js';
import { providerAnswers } from './provider-answers.js';
import { providerDoubts } from './provider-doubts.js';
import { providerLimits } from './provider-limits.js';
import { providerOutages } from './provider-outages.js';
import { recipientsTrouble } from './recipients-trouble.js';
import { repetitions } from './repetitions.js';
import { planning } from './planning.js';
import { resolutions } from './resolutions.js';
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
  ...providerAnswers,
  ...recipientsTrouble,
  ...providerOutages,
  ...providerLimits,
  ...limitChanges,
  ...limitedFaults,
  ...providerDoubts,
  ...resolutions,
  ...nats,
  ...postgresAway,
  ...lostAnswersOfPostgres,
  ...plannerKills,
  ...clocks,
];
