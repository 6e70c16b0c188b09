import type { Finding } from './finding.js';
import type { BenchWorld } from './world.js';

/** What a row measures of the service alone, so that it can be compared with the same of a revision. */
export interface Speed {
  /** Brings a fresh world to where it can be measured as often as wanted. */
  prepare(world: BenchWorld): Promise<void>;
  /** One figure a line, by its words. Those that begin with `ms` are milliseconds; others are rates. */
  measure(world: BenchWorld): Promise<Record<string, number>>;
}

/** Lines of the table that are measured in the same surroundings. */
export interface Row {
  name: string;
  speed?: Speed;
  measure(): Promise<Finding[]>;
}
