import type { Finding } from './finding.js';

/** Lines of the table that are measured in the same surroundings. */
export interface Row {
  name: string;
  /** Whether its figures are the service's own speed, so that they can be compared with those of a revision. */
  isSpeed?: boolean;
  measure(): Promise<Finding[]>;
}
