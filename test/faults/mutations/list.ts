import type { Invariant } from '../invariant.js';

/** Replaces a text that stands exactly once in a file. */
export interface Edit {
  file: string;
  replace: string;
  by: string;
}

/** A guard taken out of the service, alone or together with the one that stands behind it. */
export interface Mutation {
  guard: string;
  /** What is removed as well, because it would save the day by itself. */
  together?: string;
  edits: readonly Edit[];
  /** The scenario that has to break. */
  scenario: string;
  /** The invariants by any of which it may be caught. */
  caughtBy: readonly Invariant[];
}

const grant = 'libs/queue/grant/grant-slice.ts';
const gate = 'apps/dispatcher/send/send-gate.ts';
const recording = 'libs/queue/record/record-outcomes.ts';
const sentRecording = 'libs/queue/record/record-sent.ts';
const queueSchema = 'migrations/1764000000001-create-message-queue.ts';
const planning = 'libs/queue/plan/plan-page.ts';

export const mutations: readonly Mutation[] = [
  {
    guard: 'the fence and owner asked by the grant',
    together: "the lease's deadline at the last gate",
    edits: [
      {
        file: grant,
        replace: `b.fence = \${$(3)} AND b.owner = \${$(1)}::uuid AND b.state = 'leased'`,
        by: `\${$(3)}::bigint IS NOT NULL AND \${$(1)}::uuid IS NOT NULL AND b.state = 'leased'`,
      },
      {
        file: gate,
        replace: `if (now + this.requestMs(batch) >= batch.leaseDeadline) return 'lease too short';`,
        by: '',
      },
    ],
    scenario: 'freeze-mid-batch',
    caughtBy: ['duplicates'],
  },
  {
    guard: 'the grant committed before anything is sent',
    edits: [
      {
        file: grant,
        replace: 'granted_upto = greatest(b.granted_upto, ${$(4)}),',
        by: 'granted_upto = b.granted_upto + 0 * ${$(4)}::bigint,',
      },
    ],
    scenario: 'cancel-after-kill',
    caughtBy: ['truth'],
  },
  {
    guard: 'the order of statuses, asked by the recording of outcomes',
    edits: [
      {
        file: recording,
        replace: 'AND (t.moves_to > t.was OR t.retries OR t.casts_doubt OR t.is_own)',
        by: 'AND (t.moves_to <> t.was OR t.retries OR t.casts_doubt OR t.is_own)',
      },
    ],
    scenario: 'late-doubts',
    caughtBy: ['final', 'truth'],
  },
  {
    guard: 'the end and the window at the last gate',
    together: 'the latest start given to the HTTP client',
    edits: [
      { file: gate, replace: `if (!(now < this.latestStart(batch))) return 'too late';`, by: '' },
      {
        file: 'apps/dispatcher/send/message-sender.ts',
        replace: 'deadline: this.gate.latestStartOf(message),',
        by: '',
      },
    ],
    scenario: 'end-in-mid-send',
    caughtBy: ['in-time'],
  },
  {
    guard: 'the unique constraint on mailing and client',
    together: "the planner's cursor, which goes back by 100 clients with each page",
    edits: [
      {
        file: queueSchema,
        replace: 'CONSTRAINT messages_once_per_client UNIQUE (mailing_id, client_id)',
        by: 'CONSTRAINT messages_once_per_client CHECK (mailing_id > 0)',
      },
      { file: planning, replace: 'ON CONFLICT ON CONSTRAINT messages_once_per_client DO NOTHING', by: '' },
      {
        file: planning,
        replace: 'c.id > $8 ',
        by: 'c.id > $8::bigint - 100 ',
      },
    ],
    scenario: 'many-pages',
    caughtBy: ['one-each'],
  },
  {
    guard: "the counters in the transaction of the rows' change",
    edits: [
      {
        file: sentRecording,
        replace: `\${afterMove('$5', 'pending', 'sent')}`,
        by: 'counted AS (SELECT $5::smallint)',
      },
      {
        file: sentRecording,
        replace: 'return sql.query<Row>(statement, [',
        by: `const inTwo = async (values: unknown[]) => {
          await sql.query(countFirst, values.slice(0, 5));
          return sql.query<Row>(statement, values);
        };
        return inTwo([`,
      },
      {
        file: sentRecording,
        replace: 'export async function recordSentMessages(',
        by: `const countFirst: Statement = {
          name: 'count-first',
          text: recordSent.text
            .replace(/UPDATE messages m SET[^]*?WHERE m.ctid/, 'SELECT m.mailing_id FROM messages m WHERE m.ctid')
            .replace(/RETURNING[^)]*becomes/, 'AND coalesce($2::smallint[], $3::bigint[]::smallint[]) IS NOT NULL AND $4::float8 > 0')
            .replace('counted AS (SELECT $5::smallint)', () => afterMove('$5', 'pending', 'sent')),
        };
        export async function recordSentMessages(`,
      },
    ],
    scenario: 'kill-dispatchers',
    caughtBy: ['counters'],
  },
  {
    guard: 'the cap on granted and unrecorded messages',
    edits: [
      {
        file: 'apps/dispatcher/grant/unrecorded-cap.ts',
        replace: 'first && this.used + first.count <= this.most;',
        by: 'first;',
      },
    ],
    scenario: 'many-on-the-wire',
    caughtBy: ['duplicates'],
  },
  {
    guard: "the idempotency key in the transaction of its request's change",
    edits: [{ file: 'libs/idempotency/idempotent-calls.ts', replace: 'call.repeatable', by: 'true' }],
    scenario: 'kill-api-under-posts',
    caughtBy: ['one-each'],
  },
  {
    guard: 'the agreement of different recipients before sending stops',
    edits: [
      {
        file: 'apps/dispatcher/outlets/breaker-evidence.ts',
        replace: 'const RECIPIENTS_THAT_AGREE = 8;',
        by: 'const RECIPIENTS_THAT_AGREE = 1;',
      },
    ],
    scenario: 'three-bad-numbers',
    caughtBy: ['story'],
  },
  {
    guard: 'that who was refuted is no witness again',
    edits: [
      {
        file: 'apps/dispatcher/outlets/breaker-evidence.ts',
        replace: '!this.refuted.has(message.phone, outcome.kind, when.answeredAt)',
        by: 'true',
      },
    ],
    scenario: 'hundred-bad-neighbours',
    caughtBy: ['story'],
  },
  {
    guard: 'the wait for another recipient before a suspicious answer counts',
    edits: [
      {
        file: 'apps/dispatcher/record/outcome-effect.ts',
        replace: `return { type: 'suspect', answer: outcome };`,
        by: `return { type: 'record', becomes: usedUp ? 'failed' : 'pending', ambiguous: false, attempts };`,
      },
    ],
    scenario: 'token-wrong-for-all',
    caughtBy: ['story'],
  },
];
