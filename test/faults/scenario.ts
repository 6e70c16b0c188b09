import type { StageOptions } from './stage-options.js';
import type { Stage } from './stage.js';

/** One story of what goes wrong while messages are sent. What must hold at its end is checked by itself. */
export interface Scenario {
  /** As it is asked for by `--only` and shown in the table: words with hyphens. */
  name: string;
  /** What happens, in a line. */
  what: string;
  /** Whether it is part of `--quick`. */
  quick: boolean;
  options?: StageOptions;
  run(stage: Stage): Promise<void>;
}
