import { get } from 'node:http';
import type { Clock } from '../clock.ts';
import { limits } from '../limits.ts';
import type { ProbeSpec } from '../manifest/topology.ts';

export interface Probe extends Omit<ProbeSpec, 'path'> {
  url: string;
}

/** Probes once. False if there is no answer in time, or one that the kubelet does not count as success. */
export type Ask = (url: string, timeout: number, signal: AbortSignal) => Promise<boolean>;

/** What probing needs. `signal` stops it. */
export interface Prober {
  ask: Ask;
  clock: Clock;
  signal: AbortSignal;
}

/** Probes a starting process until it is healthy. False if `signal` is aborted first. */
export async function untilHealthy({ url, timeout }: Probe, { ask, clock, signal }: Prober): Promise<boolean> {
  while (!signal.aborted) {
    if (await ask(url, timeout, signal)) return !signal.aborted;
    await clock.sleep(limits.probeInterval, signal).catch(() => undefined);
  }
  return false;
}

/** Keeps probing a process that was healthy, and reports when that changes. */
export async function watchHealth(
  { url, period, timeout, failureThreshold }: Probe,
  { ask, clock, signal }: Prober,
  changed: (healthy: boolean) => void,
): Promise<void> {
  let failures = 0;
  let begun = clock.now();
  for (;;) {
    // From question to question, as the kubelet does: a process that hangs takes all the time that it has to answer.
    const since = Math.max(0, clock.now() - begun);
    await clock.sleep(Math.max(0, period - since), signal).catch(() => undefined);
    if (signal.aborted) return;
    begun = clock.now();
    const success = await ask(url, timeout, signal);
    if (signal.aborted) return;
    // This process itself stood still: the machine slept, or was overloaded.
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
