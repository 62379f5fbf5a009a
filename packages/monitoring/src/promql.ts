/** Labels to keep, separated by commas. */
type By = string;

/**
 * How much a counter has grown within a window, to the unit. `increase()` needs two values of a series and guesses beyond them; but pods that
 * scale to zero are born with their first event, which it would miss, and live for a few scrapes only. A series that was not there when
 * the window began counts from zero; one that has ended counts with its last value.
 */
export function grown(series: string, window: string, by: By): string {
  const last = `last_over_time(${series}[${window}])`;
  return `sum by (${by}) (clamp_min(${last} - (last_over_time(${series}[5m] offset ${window}) or ${last} * 0), 0))`;
}

/** Zero where there is a whole and no such part. @param by labels that both have */
export function share(part: string, whole: string, by: By): string {
  const all = `sum by (${by}) (${whole})`;
  return `(sum by (${by}) (${part}) or ${all} * 0) / (${all} > 0)`;
}

/** Per second. */
export const rate = (series: string, by: By) => `sum by (${by}) (rate(${series}[$__rate_interval]))`;

/** @param part 0.95: as many were at most that large */
export const quantile = (part: number, histogram: string, by: By) =>
  `histogram_quantile(${part}, ${rate(`${histogram}_bucket`, `${by}, le`)})`;

/** The same fact under two names: the first that is there. */
export const either = (...queries: string[]) => queries.join('\nor\n');

/** Renames a label. */
export const named = (query: string, from: string, to: string) => `label_replace(${query}, "${to}", "$1", "${from}", "(.*)")`;
