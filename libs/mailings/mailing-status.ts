/** A mailing's statuses, as in the database's `mailing_status` type. */
export const mailingStatuses = ['scheduled', 'running', 'paused', 'completed', 'cancelled'] as const;

export type MailingStatus = (typeof mailingStatuses)[number];
