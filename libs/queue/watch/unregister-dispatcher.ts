import type { SqlExecutor, Statement } from '#libs/database';

/** Reads the whole table, so it is asked only when a dispatcher has gone. */
export const forgetConfirmations: Statement = {
  name: 'forget-confirmations',
  text: `DELETE FROM control_confirmations WHERE dispatcher_id = ANY ($1::uuid[])`,
};

const unregister: Statement = {
  name: 'unregister-dispatcher',
  text: `DELETE FROM dispatchers WHERE id = $1::uuid`,
};

/** Takes the dispatcher off the list once it has released everything. */
export async function unregisterDispatcher(sql: SqlExecutor, id: string): Promise<void> {
  await sql.query(unregister, [id]);
  await sql.query(forgetConfirmations, [[id]]);
}
