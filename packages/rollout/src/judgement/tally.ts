/** How often something was tried, and how often it went wrong. */
export interface Arm {
  trials: number;
  faults: number;
}

/** Both versions, side by side, over the same time. */
export interface Tally {
  candidate: Arm;
  baseline: Arm;
}

const nothing: Arm = { trials: 0, faults: 0 };
export const emptyTally: Tally = { candidate: nothing, baseline: nothing };

const sum = (one: Arm, other: Arm): Arm => ({ trials: one.trials + other.trials, faults: one.faults + other.faults });

const difference = (later: Arm, earlier: Arm): Arm => ({
  trials: later.trials - earlier.trials,
  faults: later.faults - earlier.faults,
});

export function without(later: Tally, earlier: Tally): Tally {
  return {
    candidate: difference(later.candidate, earlier.candidate),
    baseline: difference(later.baseline, earlier.baseline),
  };
}

export function added(one: Tally, other: Tally): Tally {
  return { candidate: sum(one.candidate, other.candidate), baseline: sum(one.baseline, other.baseline) };
}
