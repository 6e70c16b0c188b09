import { connect, headers, type NatsConnection } from '@nats-io/transport-node';

// oxlint-disable-next-line typescript/no-explicit-any -- a test reads whatever field it asserts
type Json = any;

export interface NatsAnswer {
  body: Json;
  /** The header by which callers in any language tell a failure, undefined for a success. */
  errorCode: string | undefined;
}

/** A caller that knows NATS and JSON, and nothing of Nest. */
export class NatsClient {
  private constructor(readonly connection: NatsConnection) {}

  static async connect(url: string): Promise<NatsClient> {
    const { host, username, password } = new URL(url);
    const connection = await connect({
      servers: host,
      ...(username === '' ? {} : { user: username, pass: password }),
      maxReconnectAttempts: -1,
      reconnectTimeWait: 100,
    });
    return new NatsClient(connection);
  }

  request(subject: string, payload: object = {}, requestId?: string): Promise<NatsAnswer> {
    return this.send(subject, JSON.stringify(payload), requestId);
  }

  /** Sends the payload as it is. */
  async send(subject: string, payload: string, requestId?: string): Promise<NatsAnswer> {
    const marks = headers();
    if (requestId !== undefined) marks.set('X-Request-Id', requestId);
    const message = await this.connection.request(subject, payload, { timeout: 5_000, headers: marks });
    const errorCode = message.headers?.get('Nats-Service-Error-Code');
    return { body: message.json(), errorCode: errorCode === '' ? undefined : errorCode };
  }

  async close(): Promise<void> {
    await this.connection.close();
  }
}
