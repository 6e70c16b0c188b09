import { Pool } from 'undici';

/* What the HTTP client alone can do: the service's requests, from nowhere, and nothing is stored. */

const { SINK_URL = '', MESSAGES = '', CONNECTIONS = '', TOKEN = '' } = process.env;
const messages = Number(MESSAGES);
const pool = new Pool(SINK_URL, { connections: Number(CONNECTIONS), pipelining: 1 });
const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };
let last = 0;

async function lane(): Promise<void> {
  while (last < messages) {
    const id = (last += 1);
    const { statusCode, body } = await pool.request({
      method: 'POST',
      path: `/v1/send/${id}`,
      headers,
      body: JSON.stringify({ id, phone: 79_000_000_000 + id, text: 'Your order is on its way.' }),
    });
    const { code } = (await body.json()) as { code: number };
    if (statusCode !== 200 || code !== 0) throw new Error(`${id} was answered with ${statusCode}`);
  }
}

await Promise.all(Array.from({ length: Number(CONNECTIONS) }, lane));
await pool.close();
