import type { Tally } from '../judgement/tally.ts';

/** Jobs of a version since its rollout began. */
export interface Totals {
  accepted: number;
  ended: number;
}

type Both = Readonly<Record<keyof Tally, Totals>>;

export interface Ledger {
  /**
   * @param at milliseconds, by a clock that never jumps
   * @param known the answer to an earlier look, perhaps of another process
   * @returns how many jobs should have ended, and how many of them are known to have no end; both only grow
   */
  look(at: number, totals: Both, known: Tally): Tally;
}

/**
 * Counts jobs that were accepted and do not end. Metrics know no single job, so in doubt it is for the candidate: of its open jobs,
 * only those count that cannot be new, and of the baseline's, all.
 * @param patience milliseconds that a job may take
 */
export function openLedger(patience: number): Ledger {
  const readings: { at: number; totals: Both }[] = [];

  return {
    look(at, totals, known) {
      readings.push({ at, totals });
      const old = readings.findLastIndex((reading) => reading.at <= at - patience);
      if (old === -1) return known;
      readings.splice(0, old);
      const due = readings[0]!.totals;
      const open = {
        candidate: due.candidate.accepted - totals.candidate.ended,
        baseline: totals.baseline.accepted - totals.baseline.ended,
      };
      const armOf = (which: keyof Tally) => {
        const trials = Math.max(known[which].trials, due[which].accepted);
        return { trials, faults: Math.min(trials, Math.max(known[which].faults, open[which])) };
      };
      return { candidate: armOf('candidate'), baseline: armOf('baseline') };
    },
  };
}
