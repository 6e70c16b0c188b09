import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { z } from 'zod';
import type { BehaviourControl } from './behaviour-control.js';
import { answerError, answerJson, ControlError } from './control-error.js';
import { ListeningPort } from './listening-port.js';
import { streamRows } from './record-stream.js';
import type { SendingPort } from './sending-port.js';
import type { SimulatedProvider } from './simulated-provider.js';

const largestBody = 1024 * 1024;
const wholeNumber = z.coerce.number().int();
const format = z.enum(['json', 'ndjson']).default('json');
const rowsQuery = z.strictObject({
  format,
  after: wholeNumber.min(0).optional(),
  limit: wholeNumber.min(1).optional(),
  id: z
    .string()
    .regex(/^\d{1,19}$/)
    .transform(BigInt)
    .optional(),
});
const idsQuery = z.strictObject({ format });
const rateQuery = z.strictObject({ windowMs: wholeNumber.min(1).default(1_000) });
const noQuery = z.strictObject({});

interface Call {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly query: Record<string, string>;
}
type Handler = (call: Call) => Promise<void> | void;

/** Where tests and operators steer the simulated provider and read its record. It asks for no token. */
export class ControlPort {
  readonly #server = createServer((request, response) => void this.#serve(request, response));
  readonly #listening: ListeningPort;
  readonly #routes: Record<string, Record<string, Handler>>;

  constructor(
    private readonly provider: SimulatedProvider,
    private readonly sending: SendingPort,
    private readonly behaviour: BehaviourControl,
    host: string,
    port: number,
  ) {
    this.#listening = new ListeningPort(this.#server, host, port);
    this.#routes = {
      '/control': {
        GET: (call) => this.#json(call, noQuery, () => this.behaviour.current),
        PUT: (call) => this.#steer(call, (given) => this.behaviour.replace(given)),
        PATCH: (call) => this.#steer(call, (given) => this.behaviour.change(given)),
      },
      '/received': { GET: (call) => this.#rows(call), DELETE: (call) => this.#forget(call) },
      '/received/ids': { GET: (call) => this.#ids(call) },
      '/received/summary': {
        GET: (call) => this.#json(call, noQuery, () => this.provider.record.summary()),
      },
      '/received/rate': {
        GET: (call) => this.#json(call, rateQuery, ({ windowMs }) => this.provider.record.peakRate(windowMs)),
      },
      '/state': { GET: (call) => this.#json(call, noQuery, () => this.sending.state) },
    };
  }

  get port(): number {
    return this.#listening.port;
  }

  /** Throws {@link PortTakenError} when another process has the port. */
  open(): Promise<void> {
    return this.#listening.open();
  }

  async close(): Promise<void> {
    const closed = this.#listening.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const url = new URL(request.url ?? '/', 'http://control');
      const methods = this.#routes[url.pathname];
      if (methods === undefined) {
        throw new ControlError(
          404,
          `There is no ${url.pathname}: try ${Object.keys(this.#routes).join(', ')}.`,
        );
      }
      const handler = methods[request.method ?? ''];
      if (handler === undefined) {
        response.setHeader('allow', Object.keys(methods).join(', '));
        throw new ControlError(405, `${url.pathname} takes ${Object.keys(methods).join(', ')} only.`);
      }
      await handler({ request, response, query: Object.fromEntries(url.searchParams) });
    } catch (error) {
      answerError(response, error);
    }
  }

  #json<Query>({ response, query }: Call, schema: z.ZodType<Query>, result: (query: Query) => object): void {
    answerJson(response, 200, result(parseQuery(schema, query)));
  }

  async #steer({ request, response }: Call, steer: (given: unknown) => Promise<object>): Promise<void> {
    answerJson(response, 200, await steer(await readJson(request)));
  }

  #rows({ response, query }: Call): Promise<void> {
    const { format, ...wanted } = parseQuery(rowsQuery, query);
    return streamRows(response, this.provider.record.rowsAsJson(wanted), format);
  }

  #ids({ response, query }: Call): Promise<void> {
    const { format } = parseQuery(idsQuery, query);
    return streamRows(response, this.provider.record.idsAsJson(), format);
  }

  #forget({ response }: Call): void {
    this.provider.forget();
    this.sending.resetPeak();
    response.writeHead(204).end();
  }
}

function parseQuery<Query>(schema: z.ZodType<Query>, query: Record<string, string>): Query {
  const parsed = schema.safeParse(query);
  if (parsed.success) return parsed.data;
  throw new ControlError(
    400,
    parsed.error.issues.map((issue) => `${issue.path.join('.') || 'query'}: ${issue.message}`).join('; '),
  );
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > largestBody) throw new ControlError(413, 'The body is larger than 1 MiB.');
    parts.push(part);
  }
  try {
    return JSON.parse(Buffer.concat(parts).toString());
  } catch {
    throw new ControlError(400, 'The body is not JSON.');
  }
}
