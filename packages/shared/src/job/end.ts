import { metrics } from '../metrics/metrics.ts';
import type { Completion, Job } from './job.ts';
import type { Made } from './progress.ts';

/**
 * Counts the end of a job: to be called once, by whoever wrote its completed.json. Two machines' clocks tell how long it took.
 * @param job without acceptedAt, where its record cannot be read
 */
export function countEnd(
  { revision, acceptedAt }: Pick<Job, 'revision'> & Partial<Job>,
  { status, completedAt, mail }: Completion,
  made: Made,
): void {
  metrics.jobsEnded.inc({ revision, outcome: status, mail, made });
  if (acceptedAt === undefined) return;
  const seconds = (Date.parse(completedAt) - Date.parse(acceptedAt)) / 1000;
  metrics.jobSeconds.observe({ revision, outcome: status }, Math.max(0, seconds));
}
