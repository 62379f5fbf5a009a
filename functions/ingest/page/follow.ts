import type { JobStatus } from '../src/api/job-status.ts';
import { promise } from '../src/api/promise.ts';
import { sentence } from '../src/api/sentence.ts';
import { size } from '../src/api/words.ts';
import { element, say } from './dom.ts';
import { forgetJob } from './earlier.ts';
import { facts } from './facts.ts';
import { lightbox } from './lightbox.ts';
import { hang, listRefused } from './prints.ts';
import { detailOf, unreachable } from './problem.ts';
import { offerShare } from './share.ts';
import { light } from './stages.ts';
import { entitle, progressTitle } from './title.ts';
import { watch } from './watch.ts';

/** Shows a job until it is done. */
export function follow(id: string): void {
  const path = `${facts.prefix}/jobs/${encodeURIComponent(id)}`;
  const status = element('#status');
  const trouble = element('#trouble');
  const remove = element<HTMLButtonElement>('#delete');
  const share = element<HTMLButtonElement>('#share');
  let over = false;
  let isShown = false;

  element('#order').hidden = true;
  element('#earlier').hidden = true;
  element('#job').hidden = false;
  element('#heading').focus();
  say(status, 'Looking for your photos.');
  const watching = watch(path, { show, complain, gone: (reason) => end('Nothing hangs here', reason) });
  trouble.querySelector('button')!.addEventListener('click', () => watching.look());
  remove.addEventListener('click', () => void discard());
  offerShare(share, path, complain);
  lightbox();

  /** @returns whether the job is done */
  function show(job: JobStatus): boolean {
    if (over) return true;
    complain('');
    hang(job);
    listRefused(job);
    say(status, sentence(job));
    light(job);
    say(element('#promise'), `The photos of this job become ${promise(job.filters, job.archive)}.`);
    say(element('#number'), `Job ${job.job}, accepted by revision ${job.revision}`);
    entitle(progressTitle(job));
    const archive = element<HTMLAnchorElement>('#archive');
    archive.hidden = !job.archiveFile;
    if (job.archiveFile) {
      archive.href = job.archiveFile.href;
      say(archive, `Download all as ZIP, ${size(job.archiveFile.bytes)}`);
    }
    remove.hidden = !job.mayDelete;
    share.hidden = !job.mayDelete;
    // Whoever comes from a mail to delete is led to the button, and no further: programs that check mails follow links as well.
    if (!isShown && location.hash === '#delete') remove.focus();
    isShown = true;
    return job.status !== 'processing';
  }

  async function discard() {
    if (!confirm('Delete these photos and their prints? This cannot be undone.')) return;
    remove.disabled = true;
    try {
      const response = await fetch(path, { method: 'DELETE' });
      if (!response.ok && response.status !== 404) throw new Error(await detailOf(response));
      end('Deleted', 'The photos and their prints are gone from the lab.');
    } catch (error) {
      complain(error instanceof TypeError ? unreachable : (error as Error).message);
    } finally {
      remove.disabled = false;
    }
  }

  function end(heading: string, text: string) {
    over = true;
    watching.stop();
    forgetJob(id);
    complain('');
    entitle(heading);
    say(element('#heading'), heading);
    say(status, text);
    element('#lines').replaceChildren();
    for (const part of ['#stages', '#refused', '#archive', '#share', '#shared', '#delete']) element(part).hidden = true;
    element('#heading').focus();
  }

  function complain(text: string) {
    say(trouble.querySelector('span')!, text);
    trouble.hidden = text === '';
  }
}
