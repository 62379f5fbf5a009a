import type { Arm } from '../judgement/tally.ts';
import type { Durations } from './growth.ts';

/** From when on a job is slow: not the same for both, since a candidate may take a little longer. */
export interface Tempo {
  baseline: string;
  candidate: string;
}

/** So many jobs have to tell how long jobs take. */
const enough = 20;
/** What a look before counts for, beside the last one: machines are not equally fast at all hours. */
const fading = 0.9;

/** How long jobs have taken lately. */
export function lately(before: Durations, news: Durations): Durations {
  const bounds = [...new Set([...Object.keys(before), ...Object.keys(news)])];
  // Rounded, since it is written down.
  const faded = (bound: string) => Math.round(100 * ((before[bound] ?? 0) * fading + (news[bound] ?? 0))) / 100;
  return Object.fromEntries(bounds.map((bound) => [bound, faded(bound)]));
}

/**
 * Half of the baseline's jobs are slow, and of the candidate's those that take `slower` times as long: if each job of the candidate takes at
 * most so many times as long as it would have taken, no more of its jobs are slow than of the baseline's. Both are bounds of the
 * histogram, and rounded up in favour of the candidate.
 * @param usual how long jobs of the baseline have taken lately
 */
export function tempoOf(usual: Durations, slower: number): Tempo | undefined {
  const all = usual['+Inf'] ?? 0;
  if (all < enough) return undefined;
  const bounds = Object.keys(usual)
    .filter((bound) => bound !== '+Inf')
    .sort((one, other) => Number(one) - Number(other));
  const baseline = bounds.find((bound) => usual[bound]! >= all / 2);
  // What is written in decimals, such as 1.6 * 0.315, may miss a bound by its last digit.
  const candidate = bounds.find((bound) => Number(bound) >= Number(baseline) * slower * 0.99);
  return baseline === undefined || candidate === undefined ? undefined : { baseline, candidate };
}

/** Jobs that took longer than a bound; none while there is no bound. */
export function slowIn(durations: Durations, bound: string | undefined): Arm {
  if (bound === undefined) return { trials: 0, faults: 0 };
  const all = durations['+Inf'] ?? 0;
  return { trials: all, faults: all - (durations[bound] ?? 0) };
}
