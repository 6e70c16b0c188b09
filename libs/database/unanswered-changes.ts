import { JointTransaction } from './joint-transaction.js';
import { isUnreachable, sqlState } from './sql-errors.js';
import type { Statement } from './sql-executor.js';

/** Errors after which a change may stand; kept beside them, so that they stay what `pg` has thrown. */
const afterChange = new WeakSet<object>();

/** What a statement that only reads begins with, and what it never holds. A function of ours may write. */
const beginsToRead = /^\s*(SELECT|WITH)\b/i;
const mayWrite = /\b(INSERT|UPDATE|DELETE|MERGE|ems_(?!now\b)\w+)\b/i;

/**
 * Whether a change may have been made though its caller got this error: a COMMIT, or a statement that writes and is a
 * transaction by itself, was sent and not answered. False means that surely nothing was changed.
 */
export function mayHaveChanged(error: unknown): boolean {
  return typeof error === 'object' && error !== null && afterChange.has(error);
}

/** Takes note of what came of a statement that was a transaction by itself. */
export function noteUnanswered(error: unknown, { text }: Pick<Statement, 'text'>): void {
  if (!beginsToRead.test(text) || mayWrite.test(text)) noteUnansweredCommit(error);
}

/** Takes note of what came of a COMMIT. An error that the server itself has answered with rolls back. */
export function noteUnansweredCommit(error: unknown): void {
  if (error instanceof Error && isUnreachable(error) && !neverSent.test(error.message))
    afterChange.add(error);
}

/** pg's words for a connection that was known to be broken before the statement. */
const neverSent = /is not queryable$/;

/**
 * Runs what follows on a change that is committed, such as reading it back: whatever fails in `work`, the change
 * stands. Inside of a joint transaction nothing is committed yet, and all of it is rolled back.
 */
export async function afterCommitted<Result>(work: () => Promise<Result>): Promise<Result> {
  if (JointTransaction.current) return work();
  try {
    return await work();
  } catch (error) {
    if (error instanceof Error && (isUnreachable(error) || sqlState(error) !== undefined))
      afterChange.add(error);
    throw error;
  }
}
