import { type Metric, type MetricValueWithName, register } from 'prom-client';

export interface BusyHistogramOptions {
  name: string;
  help: string;
  /** The same for every observation. */
  labels: Record<string, string>;
  /** Upper bounds, ascending; above the last there is one more bucket. */
  buckets: readonly number[];
}

/**
 * A histogram for what happens thousands of times a second. prom-client's own looks its labels up and checks them
 * anew each time, which costs as much as a request's way through all of the sending code; this one counts, and
 * makes a metric of it at the scrape.
 */
export class BusyHistogram {
  readonly name: string;
  private readonly counts: number[];
  private sum = 0;

  constructor(private readonly options: BusyHistogramOptions) {
    this.name = options.name;
    this.counts = Array.from({ length: options.buckets.length + 1 }, () => 0);
    // A process has one set of metrics; a second application in it (as in tests) begins anew.
    register.removeSingleMetric(this.name);
    // The registry asks no more of a metric than its name and `get`.
    register.registerMetric(this as unknown as Metric);
  }

  observe(value: number): void {
    const { buckets } = this.options;
    let bucket = 0;
    while (bucket < buckets.length && value > (buckets[bucket] ?? Infinity)) bucket += 1;
    this.counts[bucket] = (this.counts[bucket] ?? 0) + 1;
    this.sum += value;
  }

  /** What the registry asks for at a scrape. */
  get() {
    const { name, help, labels, buckets } = this.options;
    let count = 0;
    const values: MetricValueWithName<string>[] = [...buckets, '+Inf'].map((le, nth) => {
      count += this.counts[nth] ?? 0;
      return { metricName: `${name}_bucket`, labels: { le, ...labels }, value: count };
    });
    values.push({ metricName: `${name}_sum`, labels, value: this.sum });
    values.push({ metricName: `${name}_count`, labels, value: count });
    return Promise.resolve({ name, help, type: 'histogram', aggregator: 'sum', values });
  }
}
