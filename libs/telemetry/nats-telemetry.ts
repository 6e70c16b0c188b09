import { Injectable } from '@nestjs/common';
import { PinoLogger } from 'nestjs-pino';
import { maskPhones } from '#libs/masking';
import { whileInLogContext } from './log-context.js';
import { RequestMetrics } from './request-metrics.js';

/** As the NATS transport hands it over. */
interface Request {
  subject: string;
  /** The subject that is listened to, undefined if nothing answers to it. */
  handler: string | undefined;
  requestId: string;
}

const LONGEST_SUBJECT = 200;

/** One line and one observation for each NATS request, and its id on every line that is logged meanwhile. */
@Injectable()
export class NatsTelemetry {
  constructor(
    private readonly logger: PinoLogger,
    private readonly metrics: RequestMetrics,
  ) {}

  /** Runs one request; to be handed to the transport as its `around`. */
  readonly around = <Answer extends { status: number }>(
    request: Request,
    answer: () => Promise<Answer>,
  ): Promise<Answer> =>
    whileInLogContext({ requestId: request.requestId }, () => this.observe(request, answer));

  private async observe<Answer extends { status: number }>(
    request: Request,
    answer: () => Promise<Answer>,
  ): Promise<Answer> {
    const startedAt = performance.now();
    const answered = await answer();
    const durationMs = performance.now() - startedAt;
    this.metrics.natsAnswered(request.handler ?? 'unmatched', answered.status, durationMs / 1000);
    const subject = maskPhones(request.subject.slice(0, LONGEST_SUBJECT));
    const line = {
      subject,
      code: answered.status,
      durationMs: Math.round(durationMs * 10) / 10,
      msg: `${subject} ${answered.status}`,
    };
    this.logger[answered.status >= 500 ? 'warn' : 'info'](line);
    return answered;
  }
}
