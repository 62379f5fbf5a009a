import type { Chart, Counters } from './description.ts';
import type { Course, History, Selection } from './history.ts';

/** A value of some labels; undefined where there is none. */
export interface Measured {
  labels: Record<string, string>;
  value: number | undefined;
}

type Measuring = Pick<Chart, 'measure' | 'by'>;

/** All that a chart needs of the history. */
export function selectionsOf({ measure, by }: Measuring): Selection[] {
  if ('gauge' in measure) return [{ names: [measure.gauge], by, together: 'max' }];
  if ('histogram' in measure) return [{ names: [`${measure.histogram}_bucket`], by: [...by, 'le'], together: 'sum' }];
  const selected = ({ counters: names, where }: Counters): Selection => ({ names, where, by, together: 'sum' });
  return 'growth' in measure ? [selected(measure.growth)] : [selected(measure.share), selected(measure.of)];
}

/**
 * What a chart shows of one moment.
 * @param index of the moment in `history.times`
 * @param window milliseconds before it that count
 */
export function measureAt(chart: Measuring, history: History, index: number, window: number): Measured[] {
  const { measure, by } = chart;
  const [first, second] = selectionsOf(chart).map((selection) => history.courses(selection));
  if ('gauge' in measure) return first!.map(({ labels, values }) => ({ labels, value: values[index] }));
  const begin = indexBefore(history.times, history.times[index]! - window);
  const grown = (course: Course) => growth(course, begin, index);
  if ('growth' in measure) return first!.map((course) => ({ labels: course.labels, value: grown(course) }));
  if ('histogram' in measure) return quantiles(first!, by, measure.quantile, grown);
  return second!.map((whole) => {
    const key = JSON.stringify(whole.labels);
    const part = first!.find(({ labels }) => JSON.stringify(labels) === key);
    const all = grown(whole);
    return { labels: whole.labels, value: all ? ((part && grown(part)) ?? 0) / all : undefined };
  });
}

/** The last moment that is no later; -1 if all are. */
function indexBefore(times: readonly number[], moment: number): number {
  return times.findLastIndex((time) => time <= moment);
}

/**
 * What is counted for a whole service, also over processes that have ended, never shrinks. What was not there when the window began had
 * counted nothing.
 */
function growth({ values }: Course, begin: number, end: number): number | undefined {
  const last = values[end];
  return last === undefined ? undefined : Math.max(0, last - (values[begin] ?? 0));
}

/** As Prometheus' histogram_quantile: evenly spread within a bucket, and no more than the last bound. */
function quantiles(
  buckets: readonly Course[],
  by: readonly string[],
  part: number,
  grown: (course: Course) => number | undefined,
): Measured[] {
  const groups = Map.groupBy(buckets, ({ labels }) => JSON.stringify(by.map((label) => labels[label])));
  return [...groups.values()].map((group) => {
    const bounds = group
      .map((course) => ({ bound: boundOf(course), count: grown(course) ?? 0 }))
      .sort((one, other) => one.bound - other.bound);
    const { le: _le, ...labels } = group[0]!.labels;
    const wanted = part * (bounds.at(-1)?.count ?? 0);
    const found = bounds.findIndex(({ count }) => count >= wanted);
    if (wanted === 0 || bounds.at(-1)!.bound !== Infinity) return { labels, value: undefined };
    const below = bounds[found - 1] ?? { bound: 0, count: 0 };
    const { bound, count } = bounds[found]!;
    const value =
      bound === Infinity ? below.bound : below.bound + ((bound - below.bound) * (wanted - below.count)) / (count - below.count);
    return { labels, value };
  });
}

const boundOf = ({ labels: { le } }: Course) => (le === '+Inf' ? Infinity : Number(le));
