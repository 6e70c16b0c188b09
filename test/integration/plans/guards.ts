import type { Plan } from './explained.js';

/** What a statement may read, and by which indexes. */
interface Guard {
  /** About two to three times of what it read when this was written. */
  pages: number;
  indexes: readonly string[];
}

/** Tables that grow with what is sent; whoever reads one of them whole is found out at once. */
const large = new Set([
  'attempts',
  'batches',
  'clients',
  'idempotency_keys',
  'mailing_counters',
  'mailings',
  'messages',
]);

const guards: Record<string, Guard> = {
  // Sending. Of 128 outcomes each is looked up, held, looked up again and changed.
  'lease-ticketed-batch': guard(120, 'batches_pkey'),
  'find-outranking': guard(700, 'batches_pkey', 'mailings_unfinished'),
  'lease-due-batch': guard(700, 'mailings_unfinished', 'batches_open', 'batches_pkey'),
  // Looks into 200 batches for somebody without a suspicious answer.
  'lease-batch-to-probe': guard(
    5_000,
    'mailings_unfinished',
    'batches_open',
    'batches_pkey',
    'messages_batch',
  ),
  'waiting-messages': guard(30, 'messages_batch'),
  'park-old-doubts': guard(5_000, 'messages_batch', 'messages_pkey', 'mailing_counters_pkey'),
  'grant-slice': guard(80, 'batches_pkey'),
  'grant-paced-slice': guard(120, 'batches_pkey'),
  'record-sent': guard(4_000, 'messages_pkey', 'mailing_counters_pkey'),
  'record-sent-and-grant-slice': guard(4_000, 'batches_pkey', 'messages_pkey', 'mailing_counters_pkey'),
  'record-outcomes': guard(4_000, 'messages_pkey', 'mailing_counters_pkey'),
  'lock-retry-sources': guard(20, 'batches_pkey'),
  'open-retry-batch': guard(60, 'batches_pkey'),
  'join-retry-batch': guard(20, 'batches_pkey'),
  'renew-leases': guard(400, 'batches_pkey'),
  'release-batch': guard(75, 'messages_batch', 'batches_pkey'),
  'find-expired-leases': guard(20, 'batches_leased'),
  'free-forgotten-batches': guard(700),
  // Ten batches with 64 messages in doubt each.
  'reclaim-abandoned-batches': guard(40_000, 'batches_leased', 'messages_batch', 'messages_pkey'),
  'choose-tickets': guard(2_400, 'mailings_unfinished', 'batches_open', 'batches_ticketed', 'batches_pkey'),
  'find-breaker': guard(10),
  'open-breaker': guard(20),
  'prolong-open-breaker': guard(20),
  'start-probe': guard(150, 'mailings_unfinished', 'batches_open'),
  'fail-probe': guard(20),
  'close-breaker': guard(20),

  // Planning, by page: 20,000 messages, up to eight pages each with their indexes.
  'lease-plan': guard(60, 'mailings_unplanned', 'clients_pkey'),
  'share-planning-lock': guard(5),
  'lock-plan': guard(10, 'mailings_pkey'),
  'plan-page-all': guard(400_000, 'clients_pkey', 'mailings_pkey'),
  'plan-page-t': guard(400_000, 'mailings_pkey'),
  'plan-page-x': guard(400_000, 'clients_pkey', 'mailings_pkey'),
  'plan-page-o': guard(125_000, 'mailings_pkey'),
  'plan-page-z': guard(400_000, 'mailings_pkey'),
  'plan-page-otxz': guard(10_000, 'mailings_pkey'),
  'release-plan': guard(20, 'mailings_pkey'),

  // Duties. Twenty batches of 500 messages are closed at once, ten purged, sixty moved.
  'lock-spent-batches': guard(90, 'mailings_unfinished', 'batches_open'),
  'close-spent-batches': guard(350_000, 'messages_batch', 'messages_pkey', 'batches_pkey'),
  'move-batches-to-next-window': guard(2_400, 'mailings_unfinished', 'batches_open', 'batches_pkey'),
  'lock-finished-mailings': guard(220, 'mailings_unfinished', 'batches_open'),
  'finish-mailings': guard(40, 'batches_open'),
  'purge-deleted-batches': guard(
    15_000,
    'mailings_deleted',
    'batches_mailing',
    'messages_batch',
    'attempts_pkey',
  ),
  'purge-deleted-mailings': guard(60, 'mailings_deleted', 'batches_mailing', 'mailing_counters_pkey'),
  'purge-idempotency-keys': guard(5_000, 'idempotency_keys_created_at'),
  'due-backlog': guard(300, 'mailings_unfinished', 'batches_open'),
  'health-providers': guard(10),
  'health-waiting': guard(40, 'mailings_unfinished', 'batches_open'),
  'health-dispatchers': guard(20),
  'register-dispatcher': guard(70),
  heartbeat: guard(40),
  'unregister-dispatcher': guard(20),
  // Reads all confirmations, when a dispatcher goes.
  'forget-confirmations': guard(600),
  'recent-control-changes': guard(20, 'mailings_control_at'),
  'control-changes-of-mailings': guard(20, 'mailings_pkey'),
  'confirm-control-changes': guard(30, 'control_confirmations_pkey'),

  // Clients: what TypeORM does to one has no name.
  unnamed: guard(90),
  'insert-client': guard(100),
  'insert-clients': guard(4_000, 'clients_phone_key'),
  'take-planning-lock': guard(5),
  'delete-client': guard(20, 'clients_pkey'),
  'cancel-messages-of-client': guard(350, 'mailings_unfinished', 'messages_once_per_client', 'messages_pkey'),

  // A person's word about 800 messages.
  'lock-mailing-for-resolution': guard(20, 'mailings_pkey'),
  'resolve-messages': guard(75_000, 'messages_pkey', 'batches_pkey', 'clients_pkey'),
  'reopen-mailing': guard(75),
  'count-unknown': guard(50, 'mailing_counters_pkey'),

  // Lists, by page, and single things.
  'find-clients': guard(20, 'clients_pkey'),
  'find-clients-operatorCode': guard(150, 'clients_operator_code'),
  'find-clients-timezone': guard(25),
  // UTC has ten names.
  'find-clients-10-timezones': guard(75),
  'find-clients-operatorCode-timezone': guard(20),
  'find-clients-phone': guard(20, 'clients_phone_key'),
  'find-clients-near': guard(450, 'clients_pkey'),
  'find-clients-far': guard(1_000, 'clients_tags'),
  'find-clients-timezone-near': guard(20),
  'find-clients-operatorCode-timezone-near': guard(25),
  'list-messages-of-client': guard(2_000, 'mailings_pkey', 'messages_once_per_client'),
  'client-exists': guard(20, 'clients_pkey'),
  'find-client': guard(20, 'clients_pkey'),
  'find-mailing': guard(20, 'mailings_pkey'),
  'list-mailings': guard(20, 'mailings_pkey'),
  'list-mailings-by-status': guard(40, 'mailings_status'),
  'mailing-exists': guard(20, 'mailings_pkey'),
  'list-messages': guard(30, 'messages_once_per_client', 'batches_pkey'),
  // Looks at 20,000 messages at most.
  'list-messages-by-status': guard(1_800, 'messages_once_per_client', 'batches_pkey'),
  'find-message': guard(30, 'messages_pkey', 'batches_pkey'),
  'find-attempts': guard(20, 'attempts_pkey'),
  'sum-counters-by-mailing': guard(350, 'mailings_pkey', 'mailing_counters_pkey'),
  'sum-counters-of-mailing': guard(50, 'mailings_pkey', 'mailing_counters_pkey'),
  'list-providers': guard(10),
  'find-provider': guard(10),
};

function guard(pages: number, ...indexes: string[]): Guard {
  return { pages, indexes };
}

/** What is wrong with a plan, in sentences; nothing when it is as it should be. */
export function complaintsAbout({ statement, pages, indexes, wholeTables }: Plan): string[] {
  const found = `${statement} reads ${pages} pages by ${[...indexes].join(', ') || 'no index'}`;
  const limit = guards[statement];
  if (!limit) return [`${found}: give it a guard`];
  return [
    ...[...wholeTables].filter((table) => large.has(table)).map((table) => `${found}, and ${table} whole`),
    ...limit.indexes.filter((index) => !indexes.has(index)).map((index) => `${found}, and not by ${index}`),
    ...(pages > limit.pages ? [`${found}, more than ${limit.pages}`] : []),
  ];
}

/** The names of the statements that have a guard. */
export const guarded: readonly string[] = Object.keys(guards);
