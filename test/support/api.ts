import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { loadApiConfig } from '#libs/config';
import { Sql } from '#libs/database';
import { NatsLink } from '#libs/nats';
import { ApiModule } from '../../apps/api/api.module.js';
import type { HttpLimits } from '../../apps/api/http/http-limits.js';
import { createHttpApplication } from '../../apps/api/http/http-application.js';
import { createTestDatabase, natsAccount } from './services.js';
import { until } from './until.js';

// oxlint-disable-next-line typescript/no-explicit-any -- a test reads whatever field it asserts
type Json = any;

export interface Answer {
  status: number;
  headers: Record<string, string | undefined>;
  body: Json;
}

export interface Call {
  headers?: Record<string, string>;
  /** Sent as JSON. */
  body?: unknown;
  /** Sent as it is, instead of `body`. */
  raw?: string | Buffer;
}

const tables = ['clients', 'mailings', 'batches', 'messages', 'attempts', 'mailing_counters'];

interface TestDatabase {
  /** Instead of one that is made for the test and dropped with it. */
  database?: { url: string; drop(): Promise<void> };
  through?: (url: string) => string;
}

/** The API in this process, over a database and a NATS account of its own. */
export class TestApi {
  private constructor(
    readonly app: NestFastifyApplication,
    readonly sql: Sql,
    readonly databaseUrl: string,
    readonly natsUrl: string,
    private readonly dropDatabase: () => Promise<void>,
  ) {}

  /** `through` is where the service finds the database, if that is not the address of the database itself. */
  static async start(
    settings: Record<string, string> = {},
    limits?: HttpLimits,
    { database: own, through = (url) => url }: TestDatabase = {},
  ): Promise<TestApi> {
    const database = own ?? (await createTestDatabase());
    const nats = await natsAccount();
    const config = loadApiConfig({
      DATABASE_URL: through(database.url),
      NATS_URL: nats.url,
      LOG_LEVEL: 'silent',
      ...settings,
    });
    const app = await createHttpApplication(ApiModule.forRoot(config), config, limits);
    app.useLogger(false);
    await app.init();
    await app.getHttpAdapter().getInstance().ready();
    await until('the API has reached NATS', () => app.get(NatsLink).isConnected);
    const sql = new Sql({ url: database.url, poolSize: 2, applicationName: 'test' });
    return new TestApi(app, sql, database.url, nats.url, () => database.drop());
  }

  get(path: string, call: Call = {}): Promise<Answer> {
    return this.call('GET', path, call);
  }

  post(path: string, body?: unknown, call: Call = {}): Promise<Answer> {
    return this.call('POST', path, { body, ...call });
  }

  patch(path: string, body: unknown, call: Call = {}): Promise<Answer> {
    return this.call('PATCH', path, { body, ...call });
  }

  delete(path: string, call: Call = {}): Promise<Answer> {
    return this.call('DELETE', path, call);
  }

  async call(method: string, path: string, { headers = {}, body, raw }: Call = {}): Promise<Answer> {
    const payload = raw ?? (body === undefined ? undefined : JSON.stringify(body));
    const answer = await this.app.inject({
      method: method as 'GET',
      url: path,
      headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(payload !== undefined && { payload }),
    });
    return {
      status: answer.statusCode,
      headers: answer.headers as Answer['headers'],
      body: answer.body === '' || method === 'HEAD' ? undefined : parse(answer.body),
    };
  }

  /** One statement of a test's own. */
  query<Row extends object = Record<string, Json>>(text: string, values: unknown[] = []): Promise<Row[]> {
    return this.sql.query<Row>({ name: '', text }, values);
  }

  /** Everything the service keeps, to see that nothing has changed. */
  async snapshot(): Promise<Record<string, unknown>> {
    const contents: Record<string, unknown> = {};
    for (const table of tables) {
      const rows = await this.query<{ row: string }>(`SELECT t::text AS row FROM ${table} t ORDER BY 1`);
      contents[table] = rows.map(({ row }) => row);
    }
    return contents;
  }

  async end(): Promise<void> {
    await this.app.close();
    await this.sql.close();
    await this.dropDatabase();
  }
}

function parse(text: string): Json {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

let nextPhone = 79_000_000_000;

/** A client that can be added; say only what matters. */
export function aClient(given: Record<string, unknown> = {}): Record<string, unknown> {
  nextPhone += 1;
  return { phone: `+${nextPhone}`, timezone: 'Europe/Moscow', ...given };
}

/** A mailing that can be added: it starts tomorrow and takes a day, unless said otherwise. */
export function aMailing(given: Record<string, unknown> = {}): Record<string, unknown> {
  return { text: 'Good news.', startAt: inHours(24), endAt: inHours(48), ...given };
}

/** An instant so many hours from now; negative ones are in the past. */
export function inHours(hours: number): string {
  return new Date(Date.now() + hours * 3_600_000).toISOString();
}
