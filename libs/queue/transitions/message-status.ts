/**
 * A message's statuses, weakest first: the order is that of the database's `message_status` type, and a
 * message only ever moves to a stronger one. So outcomes may be recorded late, twice or in any order and end
 * the same. `pending` is the only one that is not final; `unknown` may have been sent and is parked.
 */
export const messageStatuses = [
  'pending',
  'cancelled',
  'expired',
  'failed',
  'unknown',
  'sent',
  'undelivered',
  'delivered',
] as const;

export type MessageStatus = (typeof messageStatuses)[number];
