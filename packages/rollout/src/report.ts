import { alarming, type Verdict } from './judgement/verdict.ts';
import type { Case } from './judgement/case.ts';
import { allCriteria, criteria, type Criterion } from './judgement/criteria.ts';
import type { Tally } from './judgement/tally.ts';
import type { Pair } from './traffic.ts';
import type { RolloutRecord, Row } from './record.ts';

const number = (value: number) => Math.round(value).toLocaleString('en-GB');

/** "9 of 132 jobs, against 2 of 1,800" */
function compared({ candidate, baseline }: Tally, of: string): string {
  return `${number(candidate.faults)} of ${number(candidate.trials)} ${of}, against ${number(baseline.faults)} of ${number(baseline.trials)}`;
}

/** Why a version is taken back. */
export function whyWorse({ candidate, baseline }: Pair, known: Case, criterion: Criterion, evidence: number): string {
  const { counts, of } = criteria[criterion];
  return `${candidate} has more ${counts} than ${baseline}: ${compared(known[criterion].total, of)}. Of two equal versions, chance would tell one in ${number(evidence)} apart like this; ${number(alarming)} suffices`;
}

/** Why a version goes on. */
export function whyNoWorse({ candidate, baseline }: Pair, known: Case): string {
  const figures = allCriteria
    .filter((criterion) => known[criterion].step.candidate.trials > 0)
    .map((criterion) => `${criteria[criterion].counts}: ${compared(known[criterion].step, criteria[criterion].of)}`);
  return `${candidate} is no worse than ${baseline}. ${figures.join('; ')}`;
}

/** Why a version neither goes on nor is taken back. */
export function whyUnclear(
  { candidate }: Pair,
  known: Case,
  { criterion, missing }: Extract<Verdict, { is: 'unclear' }>,
): string {
  const { counts, of } = criteria[criterion];
  const { trials, faults } = known[criterion].step.candidate;
  return `${number(missing)} more ${of} of ${candidate} have to end well to tell; of ${number(trials)} at this step, ${number(faults)} are ${counts}`;
}

/** What a step has found, once it is over. */
export function rowOf({ plan, step, lasted, case: known }: RolloutRecord, end: string): Row {
  const tallies = Object.fromEntries(allCriteria.map((criterion) => [criterion, known[criterion].step])) as Record<
    Criterion,
    Tally
  >;
  return { percent: plan.steps[step] ?? 0, lasted, tallies, end };
}

const titles: Record<Criterion, string> = {
  posts: 'not taken',
  prints: 'prints missing',
  mails: 'mail missing',
  speed: 'slow',
  overdue: 'without end',
};

/** A table in Markdown: for each step, faults / trials of the candidate, and of the baseline. */
export function tableOf(rows: readonly Row[]): string {
  const cell = ({ candidate, baseline }: Tally) =>
    `${candidate.faults}/${candidate.trials} : ${baseline.faults}/${baseline.trials}`;
  const lines = rows.map(({ percent, lasted, tallies, end }) => [
    `${percent} %`,
    `${Math.round(lasted / 1000)} s`,
    ...allCriteria.map((criterion) => cell(tallies[criterion])),
    end,
  ]);
  const head = ['step', 'lasted', ...allCriteria.map((criterion) => titles[criterion]), 'then'];
  const widths = head.map((title, column) => Math.max(...[head, ...lines].map((line) => line[column]!.length), title.length));
  const write = (line: string[]) => `| ${line.map((text, column) => text.padEnd(widths[column]!)).join(' | ')} |`;
  return [write(head), write(widths.map((width) => '-'.repeat(width))), ...lines.map(write)].join('\n');
}
