import { evidence } from './alarm.ts';
import { missing, rateOf } from './assurance.ts';
import type { Case, Charge } from './case.ts';
import { allCriteria, criteria, type Criterion } from './criteria.ts';

/** The probability, over a whole rollout and all criteria, that a version which is no worse is rolled back. */
export const falseAlarms = 0.02;
/** The probability, at each step, that a version which does harm by some criterion goes on. */
export const falseAssurance = 0.05;

/** Each criterion has its share of the false alarms. */
export const alarming = allCriteria.length / falseAlarms;
export const assuring = 1 / falseAssurance;

export type Verdict =
  | { is: 'worse'; criterion: Criterion; evidence: number }
  | { is: 'unclear'; criterion: Criterion; missing: number }
  | { is: 'no worse' };

/** Not every job has an address, and a bound that would be slow. */
const mayBeIdle: Criterion[] = ['mails', 'speed'];

export function verdictOn(known: Case): Verdict {
  const evidences = allCriteria.map((criterion) => ({ criterion, evidence: evidence(known[criterion].alarm) }));
  const [worst] = evidences.sort((one, other) => other.evidence - one.evidence);
  if (worst && worst.evidence >= alarming) return { is: 'worse', ...worst };
  const [unclear] = allCriteria
    // Where nobody asks for mails, there is nothing to compare, and nothing to wait for.
    .filter((criterion) => !(mayBeIdle.includes(criterion) && isIdle(known[criterion])))
    .map((criterion) => ({ criterion, missing: missingBy(criterion, known[criterion]) }))
    .sort((one, other) => other.missing - one.missing);
  return unclear && unclear.missing > 0 ? { is: 'unclear', ...unclear } : { is: 'no worse' };
}

function isIdle({ total: { candidate, baseline } }: Charge): boolean {
  return candidate.trials + baseline.trials === 0;
}

/** Compared within the step: a baseline is not the same at all hours. */
function missingBy(criterion: Criterion, { step }: Charge): number {
  const usual = rateOf(step.baseline);
  return missing(step.candidate, usual, criteria[criterion].harmful(usual), assuring);
}
