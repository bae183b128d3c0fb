import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** The process's Prometheus registry, served at `/metrics`. Labels stay bounded: never an id of a tenant or an object. */
export const metricsRegistry = new Registry();

export function collectProcessMetrics(): void {
  collectDefaultMetrics({ register: metricsRegistry, prefix: 'falaj_' });
}

const once = <T>(name: string, make: () => T): T => (metricsRegistry.getSingleMetric(name) as T | undefined) ?? make();

export function counter<L extends string>(name: string, help: string, labelNames: readonly L[]): Counter<L> {
  return once(name, () => new Counter({ name, help, labelNames: [...labelNames], registers: [metricsRegistry] }));
}

export function gauge<L extends string>(name: string, help: string, labelNames: readonly L[]): Gauge<L> {
  return once(name, () => new Gauge({ name, help, labelNames: [...labelNames], registers: [metricsRegistry] }));
}

/** Seconds, with buckets from half a millisecond to ten seconds. */
export function duration<L extends string>(name: string, help: string, labelNames: readonly L[]): Histogram<L> {
  return once(
    name,
    () =>
      new Histogram({
        name,
        help,
        labelNames: [...labelNames],
        buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
        registers: [metricsRegistry],
      }),
  );
}
