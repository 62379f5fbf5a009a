import { get } from 'node:http';
import type { Clock } from '../clock.ts';
import { limits } from '../limits.ts';
import type { ProbeSpec } from '../manifest/topology.ts';

export interface Probe extends Omit<ProbeSpec, 'path'> {
  url: string;
}

/** Asks once. False for no answer in time, or for one that the kubelet does not take for success. */
export type Ask = (url: string, timeout: number, signal: AbortSignal) => Promise<boolean>;

/** What probing needs. `signal` ends it. */
export interface Prober {
  ask: Ask;
  clock: Clock;
  signal: AbortSignal;
}

/** Asks a process that is starting until it is healthy. False where the signal came first. */
export async function untilHealthy({ url, timeout }: Probe, { ask, clock, signal }: Prober): Promise<boolean> {
  while (!signal.aborted) {
    if (await ask(url, timeout, signal)) return !signal.aborted;
    await clock.sleep(limits.probeInterval, signal).catch(() => undefined);
  }
  return false;
}

/** Goes on asking a process that was healthy, and says when that changes. */
export async function watchHealth(
  { url, period, timeout, failureThreshold }: Probe,
  { ask, clock, signal }: Prober,
  changed: (healthy: boolean) => void,
): Promise<void> {
  let failures = 0;
  for (;;) {
    await clock.sleep(period, signal).catch(() => undefined);
    if (signal.aborted) return;
    const begun = clock.now();
    const success = await ask(url, timeout, signal);
    if (signal.aborted) return;
    // It was this process that stood still: the machine slept, or was at its limit.
    if (!success && clock.now() - begun > 2 * timeout) continue;
    if (success && failures >= failureThreshold) changed(true);
    failures = success ? 0 : failures + 1;
    if (failures === failureThreshold) changed(false);
  }
}

export const askHttp: Ask = (url, timeout, signal) =>
  new Promise((resolve) => {
    const late = AbortSignal.any([signal, AbortSignal.timeout(timeout)]);
    const request = get(url, { agent: false, signal: late }, ({ statusCode = 0 }) => {
      resolve(statusCode >= 200 && statusCode < 400);
      request.destroy();
    });
    request.on('error', () => resolve(false));
  });
