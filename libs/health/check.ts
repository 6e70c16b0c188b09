/** The kinds of trouble, as whoever may know no details is told. */
export const healthClasses = [
  'behind',
  'failed',
  'failing',
  'late',
  'misaddressed',
  'misconfigured',
  'missing',
  'none',
  'outdated',
  'shortage',
  'silent',
  'throttled',
  'unreachable',
] as const;

export type HealthClass = (typeof healthClasses)[number];

/**
 * What a check found. `degraded` is for what operators should look at while the process still does its work;
 * `down` for what it can't do without.
 */
export interface Finding {
  status: 'up' | 'degraded' | 'down';
  /** All but this and the status is for those who may know details. */
  class?: HealthClass;
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
