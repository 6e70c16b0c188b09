import { isRefusedData } from '#libs/database';
import type { FieldError } from './problem-document.js';
import { Problem } from './problem.js';

/** Tables whose rows are what callers give: a constraint of any other is broken by ourselves alone. */
const givenTables = new Set(['clients', 'mailings', 'providers']);

/** What each code says of a value; class 22 is about values alone, so it comes from what was given. */
const messages = new Map([
  ['22001', 'is too long'],
  ['22003', 'is a number out of range'],
  ['22008', 'is a time out of range'],
  ['22021', 'has a character that cannot be stored'],
  ['22P02', 'does not have the required form'],
  ['22P05', 'has a character that cannot be stored'],
  ['23502', 'is missing'],
  ['23503', 'refers to something that does not exist'],
  ['23505', 'exists already'],
  ['23514', 'has a value that is not allowed'],
]);

/** What the caller is told of data that a column or a constraint refused; undefined for what is our own fault. */
export function refusedData(error: unknown, state: string): Problem | undefined {
  if (!isRefusedData(error)) return undefined;
  const { table, column, constraint } = error as { table?: string; column?: string; constraint?: string };
  if (state.startsWith('23') && !givenTables.has(table ?? '')) {
    return state === '23505' ? Problem.conflict('The request conflicts with existing data.') : undefined;
  }
  const path = toPath(column ?? columnOf(constraint, table));
  const errors: FieldError[] = [{ path, message: messages.get(state) ?? 'cannot be stored' }];
  return state === '23505'
    ? Problem.conflict('The request conflicts with existing data.', errors)
    : Problem.invalid(errors);
}

/** Constraints are named `<table>_<column>_<kind>`, by Postgres and in the migrations. */
function columnOf(constraint = '', table = ''): string {
  return constraint.replace(new RegExp(`^${table}_`), '').replace(/_(check|key|fkey|excl|not_null)\d*$/, '');
}

/** The field of a column; empty, the payload as a whole. */
function toPath(column: string): string {
  return column.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
