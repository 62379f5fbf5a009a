import type { Arm } from './tally.ts';

/**
 * Whether enough jobs have gone well to go on: the other side of Wald's sequential test. It compares how likely the candidate's jobs are at
 * the baseline's rate of faults, and at a rate that would be harmful. If the candidate is that bad or worse, the ratio ever
 * reaches x with a probability of at most 1/x; that the baseline's rate is itself estimated is neglected.
 *
 * Wald 1945, https://doi.org/10.1214/aoms/1177731118.
 */
export function assurance({ trials, faults }: Arm, usual: number, harmful: number): number {
  const [well, badly] = steps(usual, harmful);
  return Math.exp((trials - faults) * well + faults * badly);
}

/** How many jobs without a fault would bring the assurance up to `enough`. */
export function missing(arm: Arm, usual: number, harmful: number, enough: number): number {
  const [well] = steps(usual, harmful);
  return Math.max(0, Math.ceil(Math.log(enough / assurance(arm, usual, harmful)) / well));
}

/** Half a fault and one job more than there were: that there were no faults yet does not mean that there are none. */
export function rateOf({ trials, faults }: Arm): number {
  return (faults + 0.5) / (trials + 1);
}

/** What one job that goes well adds to the logarithm, and what one that does not. */
function steps(usual: number, harmful: number): [well: number, badly: number] {
  return [Math.log((1 - usual) / (1 - harmful)), Math.log(usual / harmful)];
}
