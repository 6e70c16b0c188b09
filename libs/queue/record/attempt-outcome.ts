import type { Outcome } from '#libs/providers/kinds';

/** What an attempt in a message's log came to: whatever a request can come to but success, or a decision. */
export type AttemptOutcome = Exclude<Outcome['kind'], 'accepted'> | 'resolved';

/** Each in words; the compiler sees that none is forgotten. */
const meanings: Record<AttemptOutcome, string> = {
  refused: 'the provider will never accept the message',
  notNow: 'the provider did not accept the message this time',
  throttled: 'the provider wants fewer requests to this recipient, and serves others',
  misconfigured: 'the provider does not serve this recipient, and serves others',
  ambiguous: 'in doubt, since the provider may have accepted the message',
  notSent: 'no byte of the request reached the provider',
  resolved: 'a person decided what becomes of the message',
};

export const attemptOutcomes = Object.keys(meanings) as AttemptOutcome[];

/** The outcomes with their meanings, a sentence each, in Markdown. */
export const attemptOutcomesInWords = `${Object.entries(meanings)
  .map(([outcome, meaning]) => `\`${outcome}\`: ${meaning}`)
  .join('. ')}.`;
