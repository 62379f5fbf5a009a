import { limits } from '../limits.ts';
import type { ScaleSpec } from '../manifest/topology.ts';

/** How many replicas a revision needs, by Knative's rules. It knows the time only from what it is told; milliseconds since 1970. */
export interface Autoscaler {
  /** So many requests are there from now on, those that wait included. */
  record(requests: number, now: number): void;
  /** The first replica is up. What was before, when there was none, does not count. */
  activate(now: number): void;
  /** @param ready how many replicas are up */
  desired(ready: number, now: number): number;
}

/** A burst is looked for in this share of the window. It scales at once, and nothing is scaled down for a window. */
const panicShare = 0.1;
const panicFactor = 2;
/** At most so many times fewer at a time. */
const slowest = 2;
const bucket = 1000;

export function createAutoscaler({ min, max, target, window, retention }: ScaleSpec, begun: number): Autoscaler {
  /** By second: requests, times the milliseconds that they were there. */
  const buckets = new Map<number, number>();
  let requests = 0;
  let since = begun;
  let last = begun;
  let busy = begun;
  let panic: { at: number; replicas: number } | undefined;
  const most = max || limits.replicas;

  function pass(now: number): void {
    if (requests > 0) busy = now;
    else last = now;
    while (last < now) {
      const second = Math.floor(last / bucket);
      const end = Math.min(now, (second + 1) * bucket);
      buckets.set(second, (buckets.get(second) ?? 0) + requests * (end - last));
      last = end;
    }
    for (const second of buckets.keys()) {
      if ((second + 1) * bucket > now - window) break;
      buckets.delete(second);
    }
  }

  function average(span: number, now: number): number {
    const from = Math.max(now - span, since);
    // What is only a moment old is no average yet.
    const time = Math.max(now - from, bucket);
    let sum = 0;
    for (const [second, area] of buckets) {
      // Of the second in which the span begins, only a part is within; but there is nothing from before `since`.
      const part = from > since ? ((second + 1) * bucket - from) / bucket : 1;
      sum += area * Math.min(Math.max(part, 0), 1);
    }
    return sum / time;
  }

  return {
    record(count, now) {
      pass(now);
      requests = count;
    },
    activate(now) {
      pass(now);
      buckets.clear();
      since = now;
      busy = now;
    },
    desired(ready, now) {
      pass(now);
      const stable = Math.ceil(average(window, now) / target);
      const burst = Math.ceil(average(window * panicShare, now) / target);
      const replicas = Math.max(burst, panic?.replicas ?? 0);
      if (burst / Math.max(ready, 1) >= panicFactor || (panic && burst > panic.replicas)) panic = { at: now, replicas };
      else if (panic && now - panic.at > window) panic = undefined;
      const gently = Math.max(stable, Math.floor(ready / slowest));
      const wanted = Math.max(gently, panic?.replicas ?? 0);
      const least = now - busy < window + retention ? 1 : 0;
      return Math.min(Math.max(wanted, min, least), Math.max(most, min));
    },
  };
}
