import type { JobStatus } from '../src/api/job-status.ts';
import { size } from '../src/api/words.ts';
import { element, say } from './dom.ts';
import { hang, listRefused } from './prints.ts';
import { detailOf, unreachable } from './problem.ts';
import { sentence } from '../src/api/sentence.ts';

const shortest = 500;
const longest = 3000;

/** Shows a job, and polls until it is done: often at first, then less so. */
export function follow(id: string): void {
  const path = `/jobs/${encodeURIComponent(id)}`;
  const status = element('#status');
  const trouble = element('#trouble');
  const remove = element<HTMLButtonElement>('#delete');
  let pause = shortest;
  let timer = 0;
  let gone = false;

  element('#order').hidden = true;
  element('#job').hidden = false;
  element('#heading').focus();
  say(status, 'Looking for your photos.');
  trouble.querySelector('button')!.addEventListener('click', () => void look());
  remove.addEventListener('click', () => void discard());
  void look();

  async function look() {
    clearTimeout(timer);
    try {
      const response = await fetch(path, { headers: { accept: 'application/json' } });
      if (gone) return;
      if (response.status === 404) return end('Nothing hangs here', await detailOf(response));
      if (!response.ok) throw new Error(await detailOf(response));
      complain('');
      if (show((await response.json()) as JobStatus)) return;
    } catch (error) {
      complain(error instanceof TypeError ? unreachable : (error as Error).message);
    }
    timer = setTimeout(() => void look(), pause);
    pause = Math.min(longest, pause * 1.25);
  }

  function show(job: JobStatus): boolean {
    hang(job);
    listRefused(job);
    say(status, sentence(job));
    say(element('#number'), `Job ${job.job}, accepted by revision ${job.revision}`);
    const archive = element<HTMLAnchorElement>('#archive');
    archive.hidden = !job.archiveFile;
    if (job.archiveFile) {
      archive.href = job.archiveFile.href;
      say(archive, `Download all as ZIP, ${size(job.archiveFile.bytes)}`);
    }
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
    gone = true;
    clearTimeout(timer);
    complain('');
    say(element('#heading'), heading);
    say(status, text);
    element('#lines').replaceChildren();
    element('#refused').hidden = true;
    element('#archive').hidden = true;
    remove.hidden = true;
  }

  function complain(text: string) {
    say(trouble.querySelector('span')!, text);
    trouble.hidden = text === '';
  }
}
