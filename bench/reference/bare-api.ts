import fastify from 'fastify';
import { Pool } from 'pg';

/* What Fastify and pg alone can do: the same statements and answers, with no validation, no keys and no logs. */

const { DATABASE_URL = '', PORT = '' } = process.env;
const postgres = new Pool({ connectionString: DATABASE_URL, max: 10 });
const app = fastify();

const client = `id::float8, phone::text, operator_code AS "operatorCode", tags, timezone, attributes,
  created_at AS "createdAt", updated_at AS "updatedAt"`;
const mailing = `id::float8, text, audience, start_at AS "startAt", end_at AS "endAt", status, priority,
  on_ambiguous AS "onAmbiguous", rate_limit AS "rateLimit", created_at AS "createdAt", updated_at AS "updatedAt"`;

interface NewClient {
  phone: string;
  tags: string[];
  timezone: string;
}

interface NewMailing {
  text: string;
  audience: object;
  startAt: string;
  endAt: string;
}

app.post<{ Body: NewClient }>('/v1/clients', async ({ body: { phone, tags, timezone } }, reply) => {
  const { rows } = await postgres.query({
    name: 'create-client',
    text: `INSERT INTO clients (phone, tags, timezone) VALUES ($1, $2, $3) RETURNING ${client}`,
    values: [phone, tags, timezone],
  });
  return reply.code(201).send(rows[0]);
});

app.get<{ Params: { id: string } }>('/v1/clients/:id', async ({ params: { id } }) => {
  const { rows } = await postgres.query({
    name: 'get-client',
    text: `SELECT ${client} FROM clients WHERE id = $1`,
    values: [id],
  });
  return rows[0];
});

app.get('/v1/clients', async () => {
  const { rows } = await postgres.query({
    name: 'list-clients',
    text: `SELECT ${client} FROM clients ORDER BY clients.id LIMIT 51`,
  });
  return { items: rows.slice(0, 50), nextCursor: String(rows.at(49)?.id) };
});

app.post<{ Body: NewMailing }>(
  '/v1/mailings',
  async ({ body: { text, audience, startAt, endAt } }, reply) => {
    const { rows } = await postgres.query({
      name: 'create-mailing',
      text: `
      INSERT INTO mailings (text, audience, start_at, end_at, created_at, updated_at)
      SELECT $1, $2, $3, $4, clock.now, clock.now FROM (SELECT ems_now() AS now) AS clock
      WHERE $4 > clock.now AND $4 > $3::timestamptz AND NOT EXISTS (
        SELECT FROM jsonb_array_elements_text($2::jsonb->'timezones') AS zone
        WHERE zone NOT IN (SELECT name FROM time_zones))
      RETURNING ${mailing}`,
      values: [text, audience, startAt, endAt],
    });
    return reply.code(201).send(rows[0]);
  },
);

await app.listen({ port: Number(PORT), host: '127.0.0.1' });
process.send?.('listening');
process.once('disconnect', () => process.exit(0));
