import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** What this process has measured. */
export const registry = new Registry();
const registers = [registry];

/** Few values for each label, since every combination is a time series: never an id, an address or the name of a file. */
export type Labels<Name extends string> = Record<Name, string>;

/** Something measured in one process, and recorded in another. */
export interface Measurement {
  metric: string;
  labels: Record<string, string>;
  value: number;
}

const recorders = new Map<string, (labels: Record<string, string>, value: number) => void>();
let report = record;

export function record({ metric, labels, value }: Measurement): void {
  recorders.get(metric)?.(labels, value);
}

/** In a process whose registry nobody reads: from now on, whatever is counted or observed is sent to one that is read. */
export function relayTo(send: (measurement: Measurement) => void): void {
  report = send;
}

/** Something that only grows; its name ends in `_total`. */
export function counter<Name extends string>(name: string, help: string, labelNames: readonly Name[]) {
  const metric = once(() => new Counter({ name, help, labelNames, registers }));
  recorders.set(name, (labels, value) => metric().inc(labels as Labels<Name>, value));
  return { name, inc: (labels: Labels<Name>, value = 1) => report({ metric: name, labels, value }) };
}

/** How often something happened, and how long it took or how large it was; its name ends in `_seconds` or `_bytes`. */
export function histogram<Name extends string>(name: string, help: string, labelNames: readonly Name[], buckets: number[]) {
  const metric = once(() => new Histogram({ name, help, labelNames, buckets, registers }));
  recorders.set(name, (labels, value) => metric().observe(labels as Labels<Name>, value));
  return { name, observe: (labels: Labels<Name>, value: number) => report({ metric: name, labels, value }) };
}

/** Something that goes up and down. */
export function gauge(name: string, help: string) {
  const metric = once(() => new Gauge({ name, help, registers }));
  return { name, set: (value: number) => metric().set(value), add: (value: number) => metric().inc(value) };
}

/** A process shows only what it measures: what it never uses does not come into being. */
function once<Metric>(make: () => Metric): () => Metric {
  let made: Metric | undefined;
  return () => (made ??= make());
}
