import { unreachable } from './problem.ts';

export interface Sending {
  /** The job that the photos became. */
  job: Promise<string>;
  cancel(): void;
}

/** Posts the form. Only XMLHttpRequest reports upload progress. */
export function send(form: FormData, onProgress: (share: number) => void): Sending {
  const request = new XMLHttpRequest();
  const job = new Promise<string>((resolve, reject) => {
    request.open('POST', '/');
    request.responseType = 'json';
    request.setRequestHeader('accept', 'application/json');
    request.upload.addEventListener('progress', ({ loaded, total }) => onProgress(loaded / total));
    request.addEventListener('abort', () => reject(new Error('Nothing was sent.')));
    request.addEventListener('error', () => reject(new Error(`${unreachable} Nothing was sent; press the button to try again.`)));
    request.addEventListener('load', () => {
      const answer = request.response as { job?: string; detail?: string } | null;
      if (request.status === 202 && answer?.job) resolve(answer.job);
      else reject(new Error(answer?.detail ?? `The lab answered with ${request.status}. Try again in a little while.`));
    });
    request.send(form);
  });
  return { job, cancel: () => request.abort() };
}
