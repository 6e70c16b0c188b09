import type { Outcome } from '#libs/providers/kinds';

/** What an attempt in a message's log came to: whatever a request can come to but success, or a decision. */
export type AttemptOutcome = Exclude<Outcome['kind'], 'accepted'> | 'resolved';

/** Each in words; the compiler sees that none is forgotten. */
const meanings: Record<AttemptOutcome, string> = {
  refused: 'the provider will never take it',
  notNow: 'the provider did not take it this time',
  throttled: 'the provider wants fewer requests to this recipient, as others were served',
  misconfigured: 'the provider does not serve this recipient, as others were served',
  ambiguous: 'the provider may have taken it',
  notSent: 'not a byte reached the provider',
  resolved: 'a person decided what becomes of it',
};

export const attemptOutcomes = Object.keys(meanings) as AttemptOutcome[];

/** The outcomes with their meanings, in a sentence or two of Markdown. */
export const attemptOutcomesInWords = `${Object.entries(meanings)
  .map(([outcome, meaning]) => `\`${outcome}\`: ${meaning}`)
  .join('; ')}.`;
