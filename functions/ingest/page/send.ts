import { facts } from './facts.ts';
import { unreachable } from './problem.ts';
import { giveUp, upload } from './upload.ts';

export interface Sending {
  /** The job that the photos became. */
  job: Promise<string>;
  cancel(): void;
}

/** How an upload gets on. */
export interface Watcher {
  /** @param sent bytes of the photos, in their order */
  progress(sent: number): void;
  /** Something is sent again. @param words why, for the person */
  again(words: string): void;
}

/** How often a post without an answer is sent again, and the first pause before that; each further one is twice as long. */
const [repeats, firstPause] = [4, 1000];
/** Bytes: more than these are sent in pieces. For fewer, the additional requests would take longer than sending them once more. */
const resumable = 4 * 1024 * 1024;

/**
 * Posts the form, with its photos or with the ids of their uploads. Where no answer comes, nobody knows whether the post arrived: so it is
 * sent again, under the same key, and the lab answers with the job that it has already become, if it has.
 */
export function send(form: FormData, key: string, { progress, again }: Watcher): Sending {
  const cancelled = new AbortController();
  const photos = form.getAll('file') as File[];
  const bytes = photos.reduce((sum, { size }) => sum + size, 0);
  const isResumable = bytes > resumable;
  let hasAllLeft = false;
  return { job: sendAll(), cancel: () => cancelled.abort() };

  async function sendAll(): Promise<string> {
    try {
      if (isResumable) await uploadPhotos();
      return await postUntilAnswered();
    } catch (error) {
      if (!cancelled.signal.aborted) throw error;
      if (!hasAllLeft) for (const photo of photos) giveUp(photo);
      const sent = isResumable ? 'Nothing is developed.' : 'Nothing was sent.';
      throw new Error(
        hasAllLeft ? 'Cancelled, but the photos had already left: they may still be developed.' : `Cancelled. ${sent}`,
        {
          cause: error,
        },
      );
    }
  }

  /** One after the other: together they would only share the line. */
  async function uploadPhotos(): Promise<void> {
    const { signal } = cancelled;
    form.delete('file');
    let before = 0;
    for (const photo of photos) {
      const id = await upload(photo, {
        progress: (sent) => progress(before + sent),
        again: () => again('The connection broke. Going on from where it was.'),
        signal,
      });
      form.append('upload', id);
      before += photo.size;
    }
  }

  async function postUntilAnswered(): Promise<string> {
    for (let attempt = 0; attempt <= repeats; attempt += 1) {
      if (attempt > 0) {
        again('No answer came. Asking again; nothing is developed twice.');
        await pause(firstPause * 2 ** (attempt - 1));
      }
      cancelled.signal.throwIfAborted();
      const { status, answer } = await post();
      if (status === 202 && answer?.job) return answer.job;
      cancelled.signal.throwIfAborted();
      // Without the lab's own words, it was a proxy that answered, or nobody.
      if (answer?.detail || (status > 0 && status < 500)) throw new Error(answer?.detail ?? `The lab answered with ${status}.`);
    }
    throw new Error(`${unreachable} Press the button to try again; nothing is developed twice.`);
  }

  /** Only XMLHttpRequest reports upload progress. */
  function post(): Promise<{ status: number; answer: { job?: string; detail?: string } | null }> {
    return new Promise((resolve) => {
      const request = new XMLHttpRequest();
      const abort = () => request.abort();
      request.open('POST', `${facts.prefix}/`);
      request.responseType = 'json';
      request.setRequestHeader('accept', 'application/json');
      request.setRequestHeader('idempotency-key', key);
      // A form has a few bytes more than its photos.
      request.upload.addEventListener('progress', ({ loaded, total }) => !isResumable && progress((bytes * loaded) / total));
      request.upload.addEventListener('load', () => (hasAllLeft = true));
      request.addEventListener('loadend', () => {
        cancelled.signal.removeEventListener('abort', abort);
        resolve({ status: request.status, answer: request.response as { job?: string } | null });
      });
      cancelled.signal.addEventListener('abort', abort);
      request.send(form);
    });
  }

  function pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      setTimeout(resolve, ms);
      cancelled.signal.addEventListener('abort', () => resolve());
    });
  }
}
