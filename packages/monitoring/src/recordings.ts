import { grown } from './promql.ts';

/** All prints, made or not. */
export const allPrints = '{__name__=~"darkroom:prints_made:increase5m|darkroom:prints_rejected:increase5m"}';

/** A query that is kept under a name of its own. */
export interface Recording {
  record: string;
  expr: string;
}

export const recordings: Recording[] = [
  growth('jobs_accepted', 'revision'),
  growth('jobs_ended', 'revision, outcome, mail'),
  growth('prints_made', 'revision, filter'),
  growth('prints_rejected', 'revision, filter, reason'),
  growth('archives', 'revision, outcome'),
  growth('mails', 'revision, outcome'),
  growth('webhooks', 'revision, outcome'),
  growth('dead_letters', 'revision, stage'),
  growth('resumptions', 'revision'),
  growth('uploads_refused', 'revision, reason'),
  growth('job_duration_seconds', 'revision, le', '_bucket'),
  ...['5m', '30m', '1h', '6h'].map(lateness),
];

/** What a counter has grown by in five minutes. */
function growth(metric: string, by: string, suffix = '_total'): Recording {
  const series = `darkroom_${metric}${suffix}`;
  return { record: recordOf(series), expr: grown(series, '5m', by) };
}

/** Under which name the growth of a counter is recorded. */
export function recordOf(series: string): string {
  return `${series.replace('_', ':').replace(/_total$/, '')}:increase5m`;
}

/** The share of jobs that ended, and took more than five minutes. Prometheus 2 keeps 300 as we write it, Prometheus 3 makes it 300.0. */
function lateness(window: string): Recording {
  const ended = grown('darkroom_job_duration_seconds_count', window, '');
  const inTime = grown('darkroom_job_duration_seconds_bucket{le=~"300([.]0)?"}', window, '');
  return { record: `darkroom:jobs_late:ratio${window}`, expr: `1 - ${inTime} / (${ended} > 0)` };
}
