import { sqlState } from '#libs/database';
import { Problem } from '#libs/problems';

export function phoneTaken(): Problem {
  return Problem.conflict('A client with this phone exists already.', [
    { path: 'phone', message: 'belongs to another client' },
  ]);
}

export function zoneUnknown(): Problem {
  return Problem.invalid([
    { path: 'timezone', message: 'must be an IANA time zone that the database knows' },
  ]);
}

/** Says by which rule of the table a row was refused; throws anything else as it is. */
export function explainClientRefusal(error: unknown): never {
  const constraint = error instanceof Error && 'constraint' in error ? error.constraint : undefined;
  if (sqlState(error) === '23505' && constraint === 'clients_phone_key') throw phoneTaken();
  if (sqlState(error) === '23503' && constraint === 'clients_timezone_fkey') throw zoneUnknown();
  throw error;
}
