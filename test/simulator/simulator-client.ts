import { request, type Dispatcher } from 'undici';

/** One row of the simulator's record, as its control port gives it. */
export interface ReceivedRow {
  seq: number;
  id: number;
  phone: number | null;
  text: string | null;
  textHash?: number;
  at: number;
  outcome: 'accepted' | 'duplicate' | 'rejected' | 'malformed' | 'unauthorized';
  fault: string | null;
  status: number | null;
  connection: number;
}

export interface ReceivedSummary {
  requests: number;
  accepted: number;
  distinctAccepted: number;
  duplicates: number;
  firstAt: number | null;
  lastAt: number | null;
  byOutcome: Record<ReceivedRow['outcome'], number>;
  byFault: Record<string, number>;
}

export interface SimulatorState {
  listening: boolean;
  port: number;
  connections: number;
  inFlight: number;
  peakInFlight: number;
}

export interface ControlAnswer<Body = unknown> {
  status: number;
  headers: Dispatcher.ResponseData['headers'];
  body: Body;
}

/** Speaks to a simulator's control port, wherever that runs. */
export class SimulatorClient {
  constructor(private readonly controlPort: number) {}

  /** One call as it is; the others below throw on anything but success. */
  async call<Body = unknown>(
    method: Dispatcher.HttpMethod,
    path: string,
    body?: unknown,
  ): Promise<ControlAnswer<Body>> {
    const response = await request(`http://127.0.0.1:${this.controlPort}${path}`, {
      method,
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.body.text();
    const type = String(response.headers['content-type']);
    return {
      status: response.statusCode,
      headers: response.headers,
      body: type === 'application/json' ? JSON.parse(text) : text,
    };
  }

  /** Replaces the behaviour. */
  behave(behaviour: object): Promise<void> {
    return this.#succeed('PUT', '/control', behaviour);
  }

  /** Replaces the behaviour's faults and nothing else. */
  fault(...faults: object[]): Promise<void> {
    return this.#succeed('PATCH', '/control', { faults });
  }

  adjust(change: object): Promise<void> {
    return this.#succeed('PATCH', '/control', change);
  }

  behaviour(): Promise<Record<string, unknown>> {
    return this.#succeed('GET', '/control');
  }

  received(query = ''): Promise<ReceivedRow[]> {
    return this.#succeed('GET', `/received${query}`);
  }

  summary(): Promise<ReceivedSummary> {
    return this.#succeed('GET', '/received/summary');
  }

  state(): Promise<SimulatorState> {
    return this.#succeed('GET', '/state');
  }

  forget(): Promise<void> {
    return this.#succeed('DELETE', '/received');
  }

  async #succeed<Body>(method: Dispatcher.HttpMethod, path: string, body?: unknown): Promise<Body> {
    const answer = await this.call<Body>(method, path, body);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  }
}

/** Asks again until `check` is true. Throws after 10 s, so that a test says what never came. */
export async function eventually(what: string, check: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!(await check())) {
    if (Date.now() > deadline) throw new Error(`It never happened: ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
