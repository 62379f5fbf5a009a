import { facts } from './facts.ts';
import { detailOf, unreachable } from './problem.ts';

/** Bytes of one request: even a slow line sends them before a gateway loses patience, and one that collects requests passes them on. */
const chunkBytes = 4 * 1024 * 1024;
/** How often an upload is resumed without having got any further, and the first and longest pause before that, in milliseconds. */
const [resumptions, firstPause, longestPause] = [8, 1000, 30_000];
/** Neither says that the photo is at fault: it is too early, too slow, or not where we thought. Nor does anything from 500 on. */
const passing = [0, 408, 409, 423, 429];

const version = { 'tus-resumable': '1.0.0' };
/** Where each photo is sent to, as long as the page is open: whoever presses the button again goes on from there. */
const addresses = new WeakMap<File, string>();

interface Hooks {
  /** @param sent bytes */
  progress(sent: number): void;
  /** The line broke, or nobody answered. */
  again(): void;
  signal: AbortSignal;
}

/**
 * Uploads a photo, over however many connections it takes (https://tus.io). As long as it gets further, it goes on.
 * @returns its id
 * @throws Error with words for the person; or if it is cancelled
 */
export async function upload(file: File, { progress, again, signal }: Hooks): Promise<string> {
  let [furthest, failures] = [0, 0];
  for (;;) {
    let retryAfter = 0;
    let offset: number | undefined;
    try {
      let address = addresses.get(file);
      if (address) offset = await offsetAt(address);
      if (!address || offset === undefined) [address, offset] = [await begin(), 0];
      while (offset < file.size) {
        moved(offset);
        offset = await sendChunk(address, offset);
      }
      moved(offset);
      return address.split('/').at(-1)!;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof Interrupted)) throw error;
      ({ retryAfter } = error);
    }
    failures += 1;
    if (failures > resumptions) throw new Error(`${unreachable} Press the button to go on from where it was.`);
    again();
    await pause(Math.max(retryAfter * 1000, Math.min(longestPause, firstPause * 2 ** (failures - 1))));
  }

  function moved(offset: number) {
    if (offset > furthest) [furthest, failures] = [offset, 0];
    progress(offset);
  }

  async function begin(): Promise<string> {
    const filename = btoa(String.fromCharCode(...new TextEncoder().encode(file.name)));
    const headers = { 'upload-length': String(file.size), 'upload-metadata': `filename ${filename}` };
    const response = await ask('POST', `${facts.prefix}/uploads`, headers);
    const address = response.headers.get('location')!;
    addresses.set(file, address);
    return address;
  }

  /** Undefined if the upload is no longer there. */
  async function offsetAt(address: string): Promise<number | undefined> {
    const response = await ask('HEAD', address, {}, [404, 410]);
    return response.ok ? Number(response.headers.get('upload-offset')) : undefined;
  }

  async function ask(method: string, address: string, headers: Record<string, string>, expected: number[] = []) {
    const response = await fetch(address, { method, headers: { ...version, ...headers }, signal }).catch(() => undefined);
    if (response?.ok || (response && expected.includes(response.status))) return response;
    throw await failureOf(response);
  }

  /** Only XMLHttpRequest reports progress. @returns the offset behind the chunk */
  function sendChunk(address: string, offset: number): Promise<number> {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      const abort = () => request.abort();
      request.open('PATCH', address);
      const headers = { ...version, 'upload-offset': String(offset), 'content-type': 'application/offset+octet-stream' };
      for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
      request.upload.addEventListener('progress', ({ loaded }) => progress(offset + loaded));
      request.addEventListener('loadend', () => {
        signal.removeEventListener('abort', abort);
        if (request.status === 204) return resolve(Number(request.getResponseHeader('upload-offset')));
        const retryAfter = request.getResponseHeader('retry-after') ?? '0';
        const answer = () =>
          new Response(request.responseText, { status: request.status, headers: { 'retry-after': retryAfter } });
        void failureOf(request.status === 0 ? undefined : answer()).then(reject);
      });
      signal.addEventListener('abort', abort);
      request.send(file.slice(offset, offset + chunkBytes));
    });
  }

  function pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      setTimeout(resolve, ms);
      signal.addEventListener('abort', () => resolve());
    });
  }
}

/** Removes what has arrived of a photo. Without an answer, it expires. */
export function giveUp(file: File): void {
  const address = addresses.get(file);
  addresses.delete(file);
  if (address) void fetch(address, { method: 'DELETE', headers: version, keepalive: true }).catch(() => {});
}

/** It may work later. */
class Interrupted extends Error {
  /** Seconds. */
  readonly retryAfter: number;

  constructor(retryAfter: number) {
    super();
    this.retryAfter = retryAfter;
  }
}

async function failureOf(response: Response | undefined): Promise<Error> {
  if (!response || passing.includes(response.status) || response.status >= 500)
    return new Interrupted(Number(response?.headers.get('retry-after') ?? 0));
  return new Error(await detailOf(response));
}
