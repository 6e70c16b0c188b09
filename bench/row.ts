import type { Finding } from './finding.js';

/** Lines of the table that are measured in the same surroundings. */
export interface Row {
  name: string;
  measure(): Promise<Finding[]>;
}
