import { Injectable } from '@nestjs/common';
import { Counter, Gauge, Histogram, register } from 'prom-client';
import { BusyHistogram } from './busy-histogram.js';

/** What is due and not sent, as measured in Postgres. */
export interface Backlog {
  batches: number;
  messages: number;
  oldestSeconds: number;
}

/** What is read at each scrape instead of being reported at each change. */
export interface DispatcherState {
  /** Requests on the wire. */
  inFlight: () => number;
  breaker: () => 'closed' | 'half_open' | 'open';
}

const breakerLevel = { closed: 0, half_open: 1, open: 2 } as const;
const provider = 'default';
const labelNames = ['provider'];

/**
 * What a dispatcher tells Prometheus. Reporting is cheap enough for each single request (under a microsecond):
 * counts are plain numbers that become labelled metrics at the scrape.
 */
@Injectable()
export class DispatcherMetrics {
  private readonly attempts = new Map<string, number>();
  private readonly messages = new Map<string, number>();
  private state: DispatcherState = { inFlight: () => 0, breaker: () => 'closed' };

  private readonly latency = new BusyHistogram({
    name: 'ems_provider_request_duration_seconds',
    help: 'Requests to the provider, connecting included.',
    labels: { provider },
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
  });

  private readonly planning = histogram({
    name: 'ems_planning_duration_seconds',
    help: 'One page of a mailing turned into messages.',
    buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
  });

  private readonly flushing = histogram({
    name: 'ems_flush_duration_seconds',
    help: 'One set of outcomes written to Postgres, waiting for Postgres included.',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30],
  });

  private readonly flushRows = histogram({
    name: 'ems_flush_rows',
    help: 'Outcomes in one set.',
    buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024],
  });

  private readonly dueBatches = gauge(
    'ems_due_batches',
    'Batches that are due and that no dispatcher has taken.',
  );
  private readonly dueMessages = gauge(
    'ems_due_messages',
    'Messages in the batches that are due and not taken.',
  );
  private readonly oldestDue = gauge(
    'ems_oldest_due_seconds',
    'For how long the oldest due batch has been due.',
  );

  constructor() {
    countAtScrape('ems_attempts_total', 'Requests to the provider by what they came to.', this.attempts);
    countAtScrape('ems_messages_total', 'Messages by the final status they reached.', this.messages);
    readAtScrape('ems_in_flight_requests', 'Requests to the provider on the wire.', () =>
      this.state.inFlight(),
    );
    readAtScrape(
      'ems_breaker_state',
      'The breaker of the provider: 0 closed, 1 half-open, 2 open.',
      () => breakerLevel[this.state.breaker()],
    );
  }

  /** One request to the provider has ended as `outcome`, after `seconds`. */
  delivered(outcome: string, seconds: number): void {
    this.attempts.set(outcome, (this.attempts.get(outcome) ?? 0) + 1);
    this.latency.observe(seconds);
  }

  /** `count` messages have reached the final status `status`. */
  ended(status: string, count = 1): void {
    this.messages.set(status, (this.messages.get(status) ?? 0) + count);
  }

  /** One page of planning took `seconds`. */
  planned(seconds: number): void {
    this.planning.observe(seconds);
  }

  /** `rows` outcomes were written together in `seconds`. */
  flushed(rows: number, seconds: number): void {
    this.flushRows.observe(rows);
    this.flushing.observe(seconds);
  }

  /** Takes the latest measurement of what is due. */
  backlog(backlog: Backlog): void {
    this.dueBatches.set(backlog.batches);
    this.dueMessages.set(backlog.messages);
    this.oldestDue.set(backlog.oldestSeconds);
  }

  /** From now on the state is read from here. */
  watch(state: DispatcherState): void {
    this.state = state;
  }
}

/** A process has one set of metrics; a second application in it (as in tests) begins anew. */
function histogram(options: ConstructorParameters<typeof Histogram<string>>[0]): Histogram {
  register.removeSingleMetric(options.name);
  return new Histogram(options);
}

function gauge(name: string, help: string): Gauge {
  register.removeSingleMetric(name);
  return new Gauge({ name, help });
}

function readAtScrape(name: string, help: string, read: () => number): Gauge {
  register.removeSingleMetric(name);
  return new Gauge({
    name,
    help,
    labelNames,
    collect() {
      this.set({ provider }, read());
    },
  });
}

function countAtScrape(name: string, help: string, counts: ReadonlyMap<string, number>): Counter {
  register.removeSingleMetric(name);
  return new Counter({
    name,
    help,
    labelNames: ['provider', 'outcome'],
    collect() {
      this.reset();
      for (const [outcome, count] of counts) this.inc({ provider, outcome: snakeCase(outcome) }, count);
    },
  });
}

/** `notNow` → `not_now`: label values read like the metric names. */
function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
