import { readFile } from 'node:fs/promises';
import * as v from 'valibot';
import { CannotStart, explain } from '../errors.ts';

const name = v.pipe(v.string(), v.regex(/^[a-zA-Z_:][\w:]*$/, 'must be the name of a metric'));
const label = v.pipe(v.string(), v.regex(/^[a-zA-Z_]\w*$/, 'must be the name of a label'));

/** Counters, of all labels or of those that have these values. */
const counters = v.strictObject({
  counters: v.pipe(v.array(name), v.minLength(1)),
  where: v.optional(v.record(label, v.string())),
});
export type Counters = v.InferOutput<typeof counters>;

const measure = v.union(
  [
    /** By how much they have grown. */
    v.strictObject({ growth: counters }),
    /** From 0 to 1: how much of the growth of these is growth of a part of them. */
    v.strictObject({ share: counters, of: counters }),
    /** 0.95: as many of what a histogram has counted were at most that large. */
    v.strictObject({ quantile: v.pipe(v.number(), v.minValue(0), v.maxValue(1)), histogram: name }),
    /** The largest that any process shows. */
    v.strictObject({ gauge: name }),
  ],
  'must be { growth }, { share, of }, { quantile, histogram } or { gauge }',
);
export type Measure = v.InferOutput<typeof measure>;

const chart = v.strictObject({
  title: v.string(),
  /** What it tells, and what to think of it. */
  description: v.string(),
  /** `figures`: one for the whole time. Otherwise, over time: `areas` lie upon each other. */
  look: v.picklist(['figures', 'lines', 'areas']),
  unit: v.optional(v.picklist(['count', 'seconds', 'share']), 'count'),
  measure,
  /** Labels: one figure or line for each combination of their values. */
  by: v.optional(v.array(label), []),
  /** What each is called: "{{revision}}". */
  legend: v.string(),
});
/** One thing that is measured, drawn. */
export type Chart = v.InferOutput<typeof chart>;
/** The same as it is written. */
export type WrittenChart = v.InferInput<typeof chart>;

const charts = v.strictObject({
  /** Seconds: what is shown of a moment over time is what has happened in so long a time before. */
  window: v.pipe(v.number(), v.minValue(10), v.maxValue(600)),
  rows: v.array(v.strictObject({ title: v.string(), charts: v.array(chart) })),
});
/** What the console draws of the metrics that the runtime gathers. */
export type Charts = v.InferOutput<typeof charts>;
export type WrittenCharts = v.InferInput<typeof charts>;

/** @throws CannotStart with the first fault */
export async function readCharts(file: string): Promise<Charts> {
  try {
    const { success, output, issues } = v.safeParse(charts, JSON.parse(await readFile(file, 'utf8')));
    if (success) return output;
    const [{ path, message }] = issues;
    throw new Error([path?.map(({ key }) => String(key)).join('.'), message].filter(Boolean).join(': '));
  } catch (cause) {
    throw new CannotStart(`${file} does not describe charts. Mend it, or start without it. ${explain(cause)}`, { cause });
  }
}
