import type { Dispatcher } from 'undici';
import type { Outcome } from '../outcome.js';
import type { Sending } from '../provider-client.js';
import { ACCEPTED, type Answer, classifyAnswer } from './answer-classifier.js';
import { type AnswerText, encodedText, isEncoded, plainText, TOO_LONG } from './answer-text.js';
import { MAX_ANSWER_BYTES } from './content-coding.js';
import type { Bounded } from './deadline-timer.js';
import { classifyError, isHangUp, RequestWithdrawn } from './error-classifier.js';
import type { Exchanges } from './exchanges.js';
import type { TlsPort } from './tls-port.js';

/** An answer may come a byte at a time, and each piece costs more than what is in it. */
const MOST_PIECES = 32;

const NO_HEADERS: Answer['headers'] = {};

/**
 * One request on its way, from the queue for a connection to its outcome. undici calls `onRequestStart` in the
 * same breath as the socket's write, so that is the line between `notSent` and `ambiguous`. It never repeats
 * a POST once written.
 */
export class Exchange implements Dispatcher.DispatchHandler, Bounded {
  dueAt: number;
  place = -1;
  private controller: Dispatcher.DispatchController | undefined;
  private settled = false;
  private status: number | undefined;
  private headers: Answer['headers'] = NO_HEADERS;
  private body: Buffer | undefined;
  private moreBody: Buffer[] | undefined;
  private bodyBytes = 0;

  constructor(
    private readonly all: Exchanges,
    private readonly sending: Sending,
    /** All three on the monotonic clock (`performance.now()`, ms). */
    private readonly startedAt: number,
    /** Not written by then, it never is. */
    private readonly startBy: number,
    private readonly answeredBy: number,
  ) {
    this.dueAt = Math.min(startBy, answeredBy);
    all.deadlines.watch(this);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    const now = performance.now();
    if (!this.settled && now >= this.dueAt) this.expire();
    if (!this.settled && !this.sending.mayStart(now)) {
      this.settle(this.broken(new RequestWithdrawn('it was called off before it was sent')));
    }
    // Throwing drops this request and leaves the connection to the next one; an abort would destroy it.
    if (this.settled) throw new Error('too late to be sent');
    this.controller = controller;
    this.dueAt = this.answeredBy;
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Answer['headers'],
  ): void {
    if (status < 200) return; // 1xx: the answer itself is still to come.
    this.status = status;
    this.headers = headers;
    this.all.port = undefined;
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.bodyBytes += chunk.length;
    if (this.bodyBytes > MAX_ANSWER_BYTES) {
      this.settle(this.answered(TOO_LONG));
      controller.abort(new Error('answer is too long'));
      return;
    }
    if (this.body === undefined) this.body = chunk;
    else (this.moreBody ??= [this.body]).push(chunk);
    if (this.moreBody?.length === MOST_PIECES) this.moreBody = [Buffer.concat(this.moreBody)];
  }

  onResponseEnd(): void {
    if (this.settled) return;
    const bytes = this.moreBody === undefined ? this.body : Buffer.concat(this.moreBody);
    const { lastAccepted } = this.all;
    if (
      bytes !== undefined &&
      this.status === 200 &&
      lastAccepted?.bytes.equals(bytes) === true &&
      lastAccepted.coding === this.headers['content-encoding']
    ) {
      this.settle(ACCEPTED);
    } else if (bytes !== undefined && isEncoded(this.headers)) {
      this.decode(bytes);
    } else {
      this.conclude(bytes, plainText(bytes ?? Buffer.alloc(0), this.headers));
    }
  }

  onResponseError(_controller: Dispatcher.DispatchController, cause: Error): void {
    if (this.settled) return;
    const { port } = this.all;
    if (port !== undefined && this.controller !== undefined && isHangUp(cause))
      void this.explain(cause, port);
    else this.settle(this.broken(cause));
  }

  /** The deadline may come first. */
  private async explain(cause: Error, port: TlsPort): Promise<void> {
    const toTls = await port.speaksTls();
    if (!this.settled) this.settle(this.broken(cause, toTls));
  }

  expire(): void {
    if (this.settled) return;
    const waited = `${Math.round(this.dueAt - this.startedAt)} ms`;
    if (this.controller !== undefined) {
      const cause = new Error(`timed out after ${waited}`);
      this.settle(this.broken(cause));
      this.controller.abort(cause); // Destroys the socket: a late answer must not meet the next request.
      return;
    }
    const cause =
      this.startBy <= this.answeredBy
        ? new RequestWithdrawn('its latest start had passed')
        : new Error(`no connection within ${waited}`);
    this.settle(this.broken(cause));
  }

  /** The answer is complete, so nothing is due any more, however long it waits to be decoded. */
  private decode(bytes: Buffer): void {
    this.all.deadlines.unwatch(this);
    this.all.decoding = this.decodeAfter(this.all.decoding, bytes);
  }

  private async decodeAfter(earlier: Promise<void>, bytes: Buffer): Promise<void> {
    await earlier;
    this.conclude(bytes, await encodedText(bytes, this.headers));
  }

  private conclude(bytes: Buffer | undefined, text: AnswerText): void {
    const outcome = this.answered(text);
    if (outcome.kind === 'accepted' && this.status === 200 && bytes !== undefined) {
      // A copy, for the chunk would keep the whole read buffer alive.
      this.all.lastAccepted = { bytes: Buffer.from(bytes), coding: this.headers['content-encoding'] };
    }
    this.settle(outcome);
  }

  private answered(text: AnswerText): Outcome {
    const { plain, token } = this.all;
    return classifyAnswer({ status: this.status ?? 0, headers: this.headers, plain, ...text }, token);
  }

  private broken(cause: unknown, toTls = false): Outcome {
    const { plain, token } = this.all;
    const progress = { written: this.controller !== undefined, httpStatus: this.status, plain, toTls };
    return classifyError(cause, progress, token);
  }

  private settle(outcome: Outcome): void {
    this.settled = true;
    this.all.deadlines.unwatch(this);
    try {
      this.sending.settled({ outcome, latencyMs: performance.now() - this.startedAt });
    } catch (error) {
      // undici would take it for trouble of the request, and nobody would hear of it.
      queueMicrotask(() => {
        throw error;
      });
    }
  }
}
