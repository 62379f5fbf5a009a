import { get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { limits } from '../limits.ts';

/** Asks until the answer is one that the kubelet takes for success. False where `signal` came first. */
export async function probe(url: string, signal: AbortSignal): Promise<boolean> {
  while (!signal.aborted) {
    const status = (await statusOf(url, signal)) ?? 0;
    if (status >= 200 && status < 400) return true;
    await sleep(limits.probeInterval, undefined, { signal }).catch(() => undefined);
  }
  return false;
}

function statusOf(url: string, signal: AbortSignal): Promise<number | undefined> {
  return new Promise((resolve) => {
    const request = get(url, { agent: false, signal }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    request.on('error', () => resolve(undefined));
  });
}
