import { type Alarm, calm, isWhole, raised, renewed } from './alarm.ts';
import { allCriteria, type Criterion } from './criteria.ts';
import { added, emptyTally, type Tally } from './tally.ts';

/** What is known by one criterion. */
export interface Charge {
  /** Since the rollout began. */
  total: Tally;
  /** Since this step began. */
  step: Tally;
  /** Since the alarm was last raised. */
  recent: Tally;
  alarm: Alarm;
}

/** What is known about a candidate. */
export type Case = Readonly<Record<Criterion, Charge>>;

const every = <Value>(valueOf: (criterion: Criterion) => Value) =>
  Object.fromEntries(allCriteria.map((criterion) => [criterion, valueOf(criterion)])) as Record<Criterion, Value>;

export const newCase: Case = every(() => ({ total: emptyTally, step: emptyTally, recent: emptyTally, alarm: calm }));

/** @param news what happened since the last look */
export function heard(known: Case, news: Readonly<Record<Criterion, Tally>>): Case {
  return every((criterion) => {
    const { total, step, recent, alarm } = known[criterion];
    const more = news[criterion];
    const open = added(recent, more);
    const isOver = isWhole(open);
    return {
      total: added(total, more),
      step: added(step, more),
      recent: isOver ? emptyTally : open,
      alarm: isOver ? raised(alarm, open) : alarm,
    };
  });
}

/** A new step has to convince by itself; what speaks against the candidate stays. */
export function stepped(known: Case): Case {
  return every((criterion) => {
    const { alarm, ...rest } = known[criterion];
    return { ...rest, alarm: renewed(alarm), step: emptyTally };
  });
}
