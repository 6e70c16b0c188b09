/** What a scenario wants of its stage. */
export interface StageOptions {
  /** Dispatchers that are up when the scenario begins; 2 if not said. */
  dispatchers?: number;
  /** Settings of all applications, over those of `world/short-settings.ts`. */
  settings?: Record<string, string>;
  /** Variables of the API alone, such as `LD_PRELOAD`. */
  apiEnv?: Record<string, string>;
  /** The API reaches Postgres through a proxy: `world.apiProxy`. */
  apiBehindProxy?: boolean;
  /** The provider knows an id again: nothing may be doubled then, whatever dies. */
  deduplicate?: boolean;
  /** By how many milliseconds the database's clock is ahead of the real one, from the beginning on. */
  clockAheadMs?: number;
  /** Milliseconds in which every mailing must be over once the scenario's own part is done; 60,000 if not said. */
  settleMs?: number;
  /** Milliseconds after which the scenario is given up and counts as broken; 150,000 if not said. */
  deadlineMs?: number;
}
