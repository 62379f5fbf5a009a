import { unreachable } from './problem.ts';

export interface Sending {
  /** The job that the photos became. */
  job: Promise<string>;
  cancel(): void;
}

/** How an upload gets on. */
export interface Watcher {
  /** Bytes. */
  progress(sent: number, total: number): void;
  /** No answer came; it is sent again. */
  again(): void;
}

/** How often a post without an answer is sent again, and the first pause before that; each further one is twice as long. */
const [repeats, firstPause] = [4, 1000];

/**
 * Posts the form. Where no answer comes, nobody knows whether the photos arrived: so it is sent again, under the same key, and the lab
 * answers with the job that it has already become, if it has. Only XMLHttpRequest reports upload progress.
 */
export function send(form: FormData, key: string, { progress, again }: Watcher): Sending {
  const cancelled = new AbortController();
  let hasAllLeft = false;
  return { job: sendUntilAnswered(), cancel: () => cancelled.abort() };

  async function sendUntilAnswered(): Promise<string> {
    for (let attempt = 0; attempt <= repeats; attempt += 1) {
      if (attempt > 0) {
        again();
        await pause(firstPause * 2 ** (attempt - 1));
      }
      if (cancelled.signal.aborted) break;
      const { status, answer } = await post();
      if (status === 202 && answer?.job) return answer.job;
      if (cancelled.signal.aborted) break;
      // Without the lab's own words, it was a proxy that answered, or nobody.
      if (answer?.detail || (status > 0 && status < 500)) throw new Error(answer?.detail ?? `The lab answered with ${status}.`);
    }
    if (!cancelled.signal.aborted) throw new Error(`${unreachable} Press the button to try again; nothing is developed twice.`);
    throw new Error(
      hasAllLeft ? 'Cancelled, but the photos had already left: they may still be developed.' : 'Cancelled. Nothing was sent.',
    );
  }

  function post(): Promise<{ status: number; answer: { job?: string; detail?: string } | null }> {
    return new Promise((resolve) => {
      const request = new XMLHttpRequest();
      const abort = () => request.abort();
      request.open('POST', '/');
      request.responseType = 'json';
      request.setRequestHeader('accept', 'application/json');
      request.setRequestHeader('idempotency-key', key);
      request.upload.addEventListener('progress', ({ loaded, total }) => progress(loaded, total));
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
