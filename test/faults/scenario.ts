import type { StageOptions } from './stage-options.js';
import type { Stage } from './stage.js';
import type { Tool } from './tool.js';

/** One story of what goes wrong while messages are sent. What must hold at its end is checked by itself. */
export interface Scenario {
  /** As it is asked for by `--only` and shown in the table: words with hyphens. */
  name: string;
  /** What happens, in a line. */
  what: string;
  /** Whether it is part of `--quick`. */
  quick: boolean;
  /** Without it the scenario is not played, and counts as broken. */
  needs?: Tool;
  options?: StageOptions;
  run(stage: Stage): Promise<void>;
}
