import { get } from 'node:http';
import type { Clock } from '../clock.ts';
import { limits } from '../limits.ts';
import type { ProbeSpec } from '../manifest/topology.ts';

export interface Probe extends Omit<ProbeSpec, 'path'> {
  url: string;
}

/** Probes once. False if there is no answer, or one that the kubelet does not count as success. `signal` gives up. */
export type Ask = (url: string, signal: AbortSignal) => Promise<boolean>;

/** What probing needs. `signal` stops it. */
export interface Prober {
  ask: Ask;
  clock: Clock;
  signal: AbortSignal;
}

/** Probes a starting process until it is healthy. False if `signal` is aborted first. */
export async function untilHealthy(probe: Probe, prober: Prober): Promise<boolean> {
  const { clock, signal } = prober;
  while (!signal.aborted) {
    if (await answersInTime(probe, prober)) return !signal.aborted;
    await clock.sleep(limits.probeInterval, signal).catch(() => undefined);
  }
  return false;
}

/** Keeps probing a process that was healthy, and reports when that changes. */
export async function watchHealth(probe: Probe, prober: Prober, changed: (healthy: boolean) => void): Promise<void> {
  const { period, timeout, failureThreshold } = probe;
  const { clock, signal } = prober;
  let failures = 0;
  let begun = clock.now();
  for (;;) {
    // From question to question, as the kubelet does: a process that hangs takes all the time that it has to answer.
    const since = Math.max(0, clock.now() - begun);
    await clock.sleep(Math.max(0, period - since), signal).catch(() => undefined);
    if (signal.aborted) return;
    begun = clock.now();
    const success = await answersInTime(probe, prober);
    if (signal.aborted) return;
    // This process itself stood still: the machine slept, or was overloaded.
    if (!success && clock.now() - begun > 2 * timeout) continue;
    if (success && failures >= failureThreshold) changed(true);
    failures = success ? 0 : failures + 1;
    if (failures === failureThreshold) changed(false);
  }
}

async function answersInTime({ url, timeout }: Probe, { ask, clock, signal }: Prober): Promise<boolean> {
  const over = new AbortController();
  const ends = AbortSignal.any([signal, over.signal]);
  const late = clock.sleep(timeout, ends).then(
    () => false,
    () => false,
  );
  try {
    return await Promise.race([ask(url, ends), late]);
  } finally {
    over.abort();
  }
}

export const askHttp: Ask = (url, signal) =>
  new Promise((resolve) => {
    const request = get(url, { agent: false, signal }, ({ statusCode = 0 }) => {
      resolve(statusCode >= 200 && statusCode < 400);
      request.destroy();
    });
    request.on('error', () => resolve(false));
  });
