/**
 * What becomes of a message that may have been sent, as in the database's `ambiguity_policy` type. `resend`
 * tries it again under the same id, for as long as the provider knows an id again; `hold` keeps it as `unknown`
 * at once, so that nobody is ever sent to twice. In the order in which doubt costs more.
 */
export const ambiguityPolicies = ['resend', 'hold'] as const;

export type AmbiguityPolicy = (typeof ambiguityPolicies)[number];
