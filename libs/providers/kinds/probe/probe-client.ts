import { buildConnector, Pool } from 'undici';
import type { ProviderClient, Sending, SendOptions, SendRequest } from '../provider-client.js';
import { DeadlineTimer } from './deadline-timer.js';
import { Exchange } from './exchange.js';
import type { Exchanges } from './exchanges.js';
import { withFinalAnswersOnly } from './final-answers.js';
import { RequestBodyWriter } from './request-body.js';
import { TlsPort } from './tls-port.js';

export interface ProbeClientOptions {
  /** Base address; its path is kept: `https://host/sms/` leads to `/sms/v1/send/{id}`. */
  readonly url: string;
  readonly token: string;
  /** Connections at most, and so requests at one time; more than that wait for a free one. */
  readonly connections: number;
  /** The whole time of a request, from `send` to the last byte of its answer, in ms. */
  readonly timeoutMs: number;
}

/** Shorter than the shortest probe, so that connections that hang free their places in time, in ms. */
const CONNECT_TIMEOUT_MS = 2_500;

/**
 * Keep-alive of many servers is 5 s. Idle connections end before, or earlier by what the server's own
 * Keep-Alive header says, for a request on one that is just being closed is ambiguous.
 */
const KEEP_ALIVE = {
  keepAliveTimeout: 4_000,
  keepAliveTimeoutThreshold: 2_000,
  keepAliveMaxTimeout: 30_000,
} as const;

/** Without it an answer may come in any coding (RFC 9110 §12.5.3), and each of them would have to be undone. */
const PLAIN = ['accept-encoding', 'identity'] as const;

/**
 * The probe contract: `POST {url}/v1/send/{id}` over kept-alive connections, one request at a time on each. Throws
 * for an unusable address or token.
 */
export class ProbeClient implements ProviderClient {
  private readonly pool: Pool;
  private readonly path: string;
  private readonly headers: string[];
  private readonly timeoutMs: number;
  private readonly bodies = new RequestBodyWriter();
  private readonly exchanges: Exchanges;
  private closing: Promise<void> | undefined;

  constructor(options: ProbeClientOptions) {
    const url = new URL(options.url);
    if (url.search !== '' || url.hash !== '') {
      throw new TypeError('The provider URL must have neither a query nor a fragment.');
    }
    if (!/^[\x21-\x7e]+$/.test(options.token)) {
      throw new TypeError('The provider token must be printable ASCII without spaces.');
    }
    this.pool = new Pool(url.origin, {
      connections: options.connections,
      pipelining: 1,
      connect: withFinalAnswersOnly(
        buildConnector({ timeout: Math.min(CONNECT_TIMEOUT_MS, options.timeoutMs) }),
      ),
      // The total deadline stands in for both: these would only watch for silence, and cost a timer each.
      headersTimeout: 0,
      bodyTimeout: 0,
      ...KEEP_ALIVE,
    });
    this.path = `${url.pathname.replace(/\/+$/, '')}/v1/send/`;
    this.headers = ['authorization', `Bearer ${options.token}`, 'content-type', 'application/json', ...PLAIN];
    this.timeoutMs = options.timeoutMs;
    this.exchanges = {
      token: options.token,
      plain: url.protocol === 'http:',
      port: url.protocol === 'http:' ? new TlsPort(url) : undefined,
      deadlines: new DeadlineTimer(),
      lastAccepted: undefined,
      decoding: Promise.resolve(),
    };
  }

  start(request: SendRequest, sending: Sending, options?: SendOptions): void {
    const startedAt = performance.now();
    const answeredBy = startedAt + (options?.timeoutMs ?? this.timeoutMs);
    this.pool.dispatch(
      {
        path: this.path + request.id,
        method: 'POST',
        headers: this.headers,
        body: this.bodies.write(request),
      },
      new Exchange(this.exchanges, sending, startedAt, options?.deadline ?? Infinity, answeredBy),
    );
  }

  close(): Promise<void> {
    this.closing ??= this.closeAll();
    return this.closing;
  }

  private async closeAll(): Promise<void> {
    await this.pool.close();
    await this.exchanges.decoding;
    this.exchanges.deadlines.stop();
  }
}
