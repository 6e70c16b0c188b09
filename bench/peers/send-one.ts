import { Pool as Postgres } from 'pg';
import { Pool as Http } from 'undici';

const { DATABASE_URL = '', SINK_URL = '', CONNECTIONS = '' } = process.env;

export const connections = Number(CONNECTIONS);
const http = new Http(SINK_URL, { connections, pipelining: 1 });
export const postgres = new Postgres({ connectionString: DATABASE_URL, max: 10 });
// Whatever breaks fails a job, and with it the row; graphile-worker complains of a pool that nobody listens to.
postgres.on('error', () => {});

export interface Job {
  id: number;
  phone: number;
}

/** What someone would write into a job: send it by undici, see that it was taken, and store that. */
export async function sendOne({ id, phone }: Job): Promise<void> {
  const { statusCode, body } = await http.request({
    method: 'POST',
    path: `/v1/send/${id}`,
    headers: { authorization: 'Bearer token', 'content-type': 'application/json' },
    body: JSON.stringify({ id, phone, text: 'Your order is on its way.' }),
  });
  const { code } = (await body.json()) as { code: number };
  if (statusCode !== 200 || code !== 0) throw new Error(`answered with ${statusCode}`);
  await postgres.query({
    name: 'store-status',
    text: `UPDATE peer_messages SET status = 'sent', sent_at = now() WHERE id = $1`,
    values: [id],
  });
}

export async function close(): Promise<void> {
  await http.close();
  await postgres.end();
}
