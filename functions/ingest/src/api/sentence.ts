import type { JobStatus } from './job-status.ts';
import { count } from './words.ts';

/** How far along a job is, in words. */
export function sentence(job: JobStatus): string {
  const left = job.refused?.length ?? 0;
  return left === 0 ? progress(job) : `${progress(job)} ${count(left, 'photo')} could not be taken; the reason is below.`;
}

function progress({ status, images, mail, archive, archiveFile }: JobStatus): string {
  const results = images.flatMap((image) => Object.values(image.results));
  const ready = results.filter((result) => result.status === 'succeeded').length;
  const rejected = results.filter((result) => result.status === 'rejected').length;
  const developed = ready + rejected === results.length;
  const made = developed ? allMade(ready, rejected) : `${ready} of ${count(results.length, 'print')} ready.`;
  if (!developed) return made;
  if (mail.status === 'sent') return `${made} ${ready > 0 ? 'They have been mailed to you.' : 'A mail says why.'}`;
  if (mail.status === 'failed') return `${made} The mail could not be delivered${ready > 0 ? '; save them here instead' : ''}.`;
  if (status !== 'processing') return made;
  return `${made} ${archive && !archiveFile && ready > 0 ? 'They are being packed.' : 'The mail is being written.'}`;
}

function allMade(ready: number, rejected: number): string {
  if (rejected === 0) return ready === 1 ? 'The print is ready.' : `All ${ready} prints are ready.`;
  if (ready === 0) return rejected === 1 ? 'The print could not be made.' : 'None of the prints could be made.';
  return `${count(ready, 'print')} ready, ${rejected} could not be made.`;
}
