/**
 * What a check found. `degraded` is for what operators should look at while the process still does its work;
 * `down` for what it can't do without.
 */
export interface Finding {
  status: 'up' | 'degraded' | 'down';
  /** The kind of trouble: one fixed word of ours. All but it and the status is for those who may know details. */
  class?: string;
  /** One sentence, when not all is well. */
  message?: string;
  [detail: string]: unknown;
}

/** One thing that health looks at. */
export interface HealthCheck {
  name: string;
  /** Whether the process is of no use without it: then it is not ready, and a failure means `down`. */
  essential: boolean;
  /** Looks; a throw counts as a failure. May take as long as it likes: nobody waits for it beyond two seconds. */
  look: () => Promise<Finding>;
}
