import type { Tally } from './tally.ts';

/**
 * Whether the candidate does worse than the baseline, asked as often as anybody likes.
 *
 * Jobs are split by chance. So if the versions are equal, then among the jobs of a short time each is as likely as any other to be the
 * candidate's, whatever went wrong with it: given how many jobs each had, and how many faults there were, the candidate's share of the
 * faults is hypergeometric. If the odds of a fault are `odds` times higher with the candidate, it is Fisher's noncentral hypergeometric.
 * The ratio of the two likelihoods, multiplied up over disjoint times, is a martingale if the versions are equal. By Ville's
 * inequality it ever reaches x with a probability of at most 1/x, however often and whenever one looks: no looks have to be counted, and
 * what goes wrong with both versions for a while (a mail server that is away) favours neither.
 *
 * What went well long ago would outweigh what goes wrong now, and some faults show under load only. So at each step another martingale
 * begins beside the others, at half of the weight of the one before: their weighted sum is one again.
 *
 * Robbins 1970, https://doi.org/10.1214/aoms/1177696786; for canaries: Lindon, Sanden, Shirikian 2022, https://arxiv.org/abs/2205.14762.
 */
export type Alarm = readonly (readonly number[])[];

/** Alternatives: how many times higher the odds of a fault are with the candidate. One from "a little" to "always". */
const alternatives = [1.5, 2, 4, 8, 20, 60];

/** For each alternative, the logarithm of a likelihood ratio to which nothing has contributed yet. */
const blank = alternatives.map(() => 0);
export const calm: Alarm = [blank];

/** From now on, also counts from here. */
export function renewed(alarm: Alarm): Alarm {
  return [...alarm, blank];
}

/**
 * Jobs of each version that make up one such time. Fewer would tell less, as faults are compared within it only; more would be judged
 * later.
 */
export const fewest = 5;

export function isWhole({ candidate, baseline }: Tally): boolean {
  return Math.min(candidate.trials, baseline.trials) >= fewest;
}

/** @param tally of a time that is over, and that was ended by numbers of jobs, not by faults */
export function raised(alarm: Alarm, tally: Tally): Alarm {
  const more = alternatives.map((odds) => logLikelihoodRatio(tally, odds));
  return alarm.map((ratios) => ratios.map((ratio, index) => ratio + more[index]!));
}

/** The weighted mean of all likelihood ratios: under equal versions it ever reaches x with a probability of at most 1/x. */
export function evidence(alarm: Alarm): number {
  const means = alarm.map((ratios) => Math.exp(logSum(ratios) - Math.log(ratios.length)));
  // What has not begun yet is 1.
  return means.reduce((sum, mean, index) => sum + mean * 0.5 ** (index + 1), 0.5 ** means.length);
}

function logLikelihoodRatio({ candidate, baseline }: Tally, odds: number): number {
  const faults = candidate.faults + baseline.faults;
  const least = Math.max(0, faults - baseline.trials);
  const most = Math.min(faults, candidate.trials);
  // Hypergeometric weights, up to a common factor, each from the one before.
  const weights = [0];
  for (let count = least; count < most; count += 1) {
    const up = (faults - count) * (candidate.trials - count);
    const down = (count + 1) * (baseline.trials - faults + count + 1);
    weights.push(weights.at(-1)! + Math.log(up / down));
  }
  const tilted = weights.map((weight, index) => weight + (least + index) * Math.log(odds));
  return candidate.faults * Math.log(odds) - (logSum(tilted) - logSum(weights));
}

function logSum(logarithms: readonly number[]): number {
  const largest = Math.max(...logarithms);
  return largest + Math.log(logarithms.reduce((sum, each) => sum + Math.exp(each - largest), 0));
}
