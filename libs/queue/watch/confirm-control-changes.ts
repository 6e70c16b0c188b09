import type { SqlExecutor, Statement } from '#libs/database';

const confirm: Statement = {
  name: 'confirm-control-changes',
  text: `
    INSERT INTO control_confirmations (mailing_id, dispatcher_id, version, in_flight, confirmed_at)
    SELECT mailing_id, $1::uuid, version, in_flight, ems_now()
    FROM unnest($2::bigint[], $3::bigint[], $4::integer[]) AS c (mailing_id, version, in_flight)
    ON CONFLICT (mailing_id, dispatcher_id) DO UPDATE SET version = excluded.version,
      in_flight = excluded.in_flight, confirmed_at = excluded.confirmed_at
    WHERE control_confirmations.version < excluded.version`,
};

/** Writes down that this dispatcher has obeyed, for an API that NATS does not reach. */
export async function confirmControlChanges(
  sql: SqlExecutor,
  dispatcherId: string,
  confirmed: readonly { mailingId: number; version: number; inFlight: number }[],
): Promise<void> {
  await sql.query(confirm, [
    dispatcherId,
    confirmed.map((one) => one.mailingId),
    confirmed.map((one) => one.version),
    confirmed.map((one) => one.inFlight),
  ]);
}
