import type { Completion } from '@darkroom/shared/job';

export interface Message {
  /** The same for every attempt, so that a duplicate can be recognised. */
  id: string;
  body: string;
}

/** What is told when a job has ended. It is short: everything else is in the status, behind the first link. */
export function messageOf(job: string, { status, completedAt }: Completion, publicUrl: string): Message {
  const base = publicUrl.replace(/\/$/, '');
  const links = { self: `${base}/jobs/${job}`, page: `${base}/?job=${job}` };
  const content = { type: 'job.completed', timestamp: completedAt, data: { job, status, links } };
  return { id: `msg_${job}`, body: JSON.stringify(content) };
}
