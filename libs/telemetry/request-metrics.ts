import { Injectable } from '@nestjs/common';
import { Histogram, register } from 'prom-client';

const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Requests that were answered; their number is each histogram's `_count`. */
@Injectable()
export class RequestMetrics {
  private readonly http = histogram({
    name: 'ems_http_request_duration_seconds',
    help: 'HTTP requests by method, route and status code.',
    labelNames: ['method', 'route', 'code'],
    buckets,
  });

  private readonly nats = histogram({
    name: 'ems_nats_request_duration_seconds',
    help: 'NATS requests by subject and by the status that HTTP would have answered with.',
    labelNames: ['subject', 'code'],
    buckets,
  });

  /** `route` is the pattern, such as `/v1/mailings/:id`: paths would make a series for each id. */
  httpAnswered(method: string, route: string, code: number, seconds: number): void {
    this.http.observe({ method, route, code }, seconds);
  }

  /** `subject` is one that is listened to, never whatever a caller came up with. */
  natsAnswered(subject: string, code: number, seconds: number): void {
    this.nats.observe({ subject, code }, seconds);
  }
}

/** A process has one set of metrics; a second application in it (as in tests) begins anew. */
function histogram<Label extends string>(
  options: ConstructorParameters<typeof Histogram<Label>>[0],
): Histogram<Label> {
  register.removeSingleMetric(options.name);
  return new Histogram(options);
}
