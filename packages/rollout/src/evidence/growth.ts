/** By seconds: how many jobs took no longer; `+Inf` is all. */
export type Durations = Record<string, number>;

/** What a revision's jobs did within some time. */
export interface Growth {
  /** Jobs accepted. */
  accepted: number;
  /** Posts not taken, though nothing was wrong with them. */
  refused: number;
  /** Jobs that ended. */
  ended: number;
  /** Those of them that lack prints, or their archive. */
  incomplete: number;
  /** Those of them with an address. */
  addressed: number;
  /** Those of these whose mail could not be sent. */
  unmailed: number;
  within: Durations;
}

export const noGrowth: Growth = { accepted: 0, refused: 0, ended: 0, incomplete: 0, addressed: 0, unmailed: 0, within: {} };

/** Growth of each revision. */
export type Growths = Readonly<Record<string, Growth>>;

/** Reasons for which a post is refused, and that its sender is not to blame for. */
export const ourFault = ['busy', 'storage_failed', 'storage_full', 'error'];

/** One value of a metric, with its labels. */
export interface Sample {
  metric: string;
  labels: Readonly<Record<string, string>>;
  value: number;
}

/** The metrics that are read, with the labels that matter. */
export const counters = {
  darkroom_jobs_accepted_total: ['revision'],
  darkroom_uploads_refused_total: ['revision', 'reason'],
  darkroom_jobs_ended_total: ['revision', 'mail', 'made'],
  darkroom_job_duration_seconds_bucket: ['revision', 'le'],
};

/** Adds up samples by revision. */
export function growthsIn(samples: Iterable<Sample>): Growths {
  const growths: Record<string, Growth> = {};
  for (const { metric, labels, value } of samples) {
    const { revision = '', reason = '', mail, made, le = '' } = labels;
    const growth = (growths[revision] ??= { ...noGrowth, within: {} });
    if (metric === 'darkroom_jobs_accepted_total') growth.accepted += value;
    else if (metric === 'darkroom_uploads_refused_total') growth.refused += ourFault.includes(reason) ? value : 0;
    else if (metric === 'darkroom_job_duration_seconds_bucket') growth.within[le] = (growth.within[le] ?? 0) + value;
    else if (metric === 'darkroom_jobs_ended_total') {
      growth.ended += value;
      if (made !== 'all') growth.incomplete += value;
      if (mail !== 'none') growth.addressed += value;
      if (mail === 'failed') growth.unmailed += value;
    }
  }
  return growths;
}

/** @param earlier from the same counters; where they have begun anew since, all that they have counted */
export function since(earlier: Growth, now: Growth): Growth {
  const grown = (later: number, before: number) => (later >= before ? later - before : later);
  return {
    accepted: grown(now.accepted, earlier.accepted),
    refused: grown(now.refused, earlier.refused),
    ended: grown(now.ended, earlier.ended),
    incomplete: grown(now.incomplete, earlier.incomplete),
    addressed: grown(now.addressed, earlier.addressed),
    unmailed: grown(now.unmailed, earlier.unmailed),
    within: Object.fromEntries(
      Object.entries(now.within).map(([bound, later]) => [bound, grown(later, earlier.within[bound] ?? 0)]),
    ),
  };
}
