import { limits } from '../limits.ts';
import type * as v from 'valibot';
import type { func } from './func-schema.ts';
import type { ScaleSpec } from './topology.ts';

export type Annotations = Record<string, string>;

const prefix = 'autoscaling.knative.dev/';

/** Knative's defaults for a whole cluster. */
const defaults = { target: 100, utilization: 70, window: 60_000, retention: 0 };

/** The annotations that `func deploy` makes from a func.yaml. */
export function ofFunction({ deploy }: v.InferOutput<typeof func>): Annotations {
  const { min, max, metric, target, utilization } = deploy?.options?.scale ?? {};
  const named = { 'min-scale': min, 'max-scale': max, metric, target, 'target-utilization-percentage': utilization };
  return Object.fromEntries(
    Object.entries(named).flatMap(([name, value]) => (value === undefined ? [] : [[prefix + name, String(value)]])),
  );
}

/**
 * How a revision is scaled, by the annotations that a cluster reads.
 * @param concurrency its containerConcurrency
 * @param fault reports one annotation
 */
export function readScale(
  annotations: Annotations,
  concurrency: number,
  fault: (annotation: string, message: string) => void,
): ScaleSpec {
  function read(name: string, fallback: number, parse: (text: string) => number, wanted: string): number {
    const text = annotations[prefix + name];
    if (text === undefined) return fallback;
    const value = parse(text);
    if (!Number.isNaN(value)) return value;
    fault(prefix + name, `must be ${wanted}, and is ${JSON.stringify(text)}`);
    return fallback;
  }

  const min = read('min-scale', 0, whole, 'a whole number');
  const max = read('max-scale', 0, whole, 'a whole number');
  if (max > 0 && max < min) fault(`${prefix}max-scale`, `is ${max}, less than min-scale, ${min}`);
  // A target of another metric says nothing about concurrency.
  const isConcurrency = (annotations[`${prefix}metric`] ?? 'concurrency') === 'concurrency';
  const wanted = isConcurrency ? read('target', Infinity, positive, 'a number greater than 0') : Infinity;
  const most = Math.min(wanted, concurrency || (wanted === Infinity ? defaults.target : Infinity));
  const utilization = read('target-utilization-percentage', defaults.utilization, percentage, 'a percentage');
  return {
    min: Math.min(min, limits.mostReplicas),
    max: Math.min(max, limits.mostReplicas),
    target: Math.max((most * utilization) / 100, 0.01),
    window: read('window', defaults.window, (text) => between(6000, duration(text)), 'a duration from 6s to 1h'),
    retention: read(
      'scale-to-zero-pod-retention-period',
      defaults.retention,
      (text) => between(0, duration(text)),
      'a duration up to 1h',
    ),
  };
}

const whole = (text: string) => (/^\d{1,9}$/.test(text) ? Number(text) : NaN);
const positive = (text: string) => (Number(text) > 0 ? Number(text) : NaN);
const percentage = (text: string) => (positive(text) >= 1 && positive(text) <= 100 ? positive(text) : NaN);
const between = (least: number, value: number) => (value >= least && value <= 3_600_000 ? value : NaN);

const units: Record<string, number> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };

/** As Go writes it: "1m30s". */
function duration(text: string): number {
  if (text === '0') return 0;
  if (!/^(\d+(\.\d+)?(h|ms|m|s))+$/.test(text)) return NaN;
  return [...text.matchAll(/([\d.]+)(h|ms|m|s)/g)].reduce((sum, [, count, unit]) => sum + Number(count) * units[unit!]!, 0);
}
