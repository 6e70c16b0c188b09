import type { DeadlineTimer } from './deadline-timer.js';
import type { TlsPort } from './tls-port.js';

/** What the exchanges of one client have in common. */
export interface Exchanges {
  readonly token: string;
  /** Whether they go over plain HTTP. */
  readonly plain: boolean;
  /** Whom to ask about the port while no request was answered; undefined once one was, and with https. */
  port: TlsPort | undefined;
  readonly deadlines: DeadlineTimer;
  /** The last accepted answer: nearly all are the same, and comparing bytes is cheaper than parsing. */
  lastAccepted: AcceptedAnswer | undefined;
  /**
   * Resolves when no complete answer is being decoded any more. One at a time: however many bombs come, the other
   * threads of Node's pool are left to whoever looks up names.
   */
  decoding: Promise<void>;
}

interface AcceptedAnswer {
  readonly bytes: Buffer;
  /** Its `Content-Encoding`. */
  readonly coding: string | string[] | undefined;
}
