import type { JobStatus, ResultStatus } from './job-status.ts';
import { count } from './words.ts';

/** A step on the way of a job, as far as its status tells. */
export interface Stage {
  name: string;
  /** `made`: over, with something to show; `failed`: over, without. */
  state: 'ahead' | 'begun' | 'made' | 'failed';
  /** How far it is, in words. */
  text: string;
}

/** What a job goes through: each filter, then the ZIP file and the mail, as far as they were asked for. */
export function stagesOf(job: JobStatus): Stage[] {
  const { images, filters, archive } = job;
  const received: Stage = { name: 'Received', state: 'made', text: count(images.length, 'photo') };
  const made = filters.map((filter) =>
    filterStage(
      filter,
      images.flatMap(({ results }) => results[filter] ?? []),
    ),
  );
  return [received, ...made, ...(archive ? [zipStage(job)] : []), ...mailStage(job)];
}

function filterStage(name: string, results: readonly ResultStatus[]): Stage {
  const countOf = (wanted: ResultStatus['status']) => results.filter(({ status }) => status === wanted).length;
  const [made, rejected] = [countOf('succeeded'), countOf('rejected')];
  const ready = `${made} of ${results.length}`;
  const text = rejected > 0 ? `${ready}, ${rejected} not made` : ready;
  if (countOf('pending') === 0) return { name, state: made > 0 ? 'made' : 'failed', text };
  return { name, state: made + rejected > 0 ? 'begun' : 'ahead', text };
}

function zipStage({ status, archiveFile }: JobStatus): Stage {
  if (archiveFile) return { name: 'ZIP', state: 'made', text: 'packed' };
  return status === 'processing'
    ? { name: 'ZIP', state: 'ahead', text: 'not yet' }
    : { name: 'ZIP', state: 'failed', text: 'not made' };
}

function mailStage({ mail }: JobStatus): Stage[] {
  if (mail.status === 'none') return [];
  if (mail.status === 'sent') return [{ name: 'Mail', state: 'made', text: 'sent' }];
  if (mail.status === 'failed') return [{ name: 'Mail', state: 'failed', text: 'not delivered' }];
  return [{ name: 'Mail', state: 'ahead', text: 'not yet' }];
}
