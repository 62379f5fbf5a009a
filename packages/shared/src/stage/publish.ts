import { HTTP } from 'cloudevents';
import { type Clock, systemClock } from '../clock.ts';
import { currentWork } from '../trace/current.ts';
import type { DarkroomEvent } from '../events.ts';
import { metrics } from '../metrics/metrics.ts';
import { traced, withTrace } from '../trace/trace.ts';
import { bearer } from './token.ts';

/** Milliseconds that a broker may take to accept an event. Seconds are plenty for 1 KB, and a publisher must not hang. */
const usualTimeout = 10_000;

/**
 * Hands an event to the broker, as part of what is under way.
 * @param sink the broker's address, from K_SINK
 * @param timeout milliseconds to wait for an answer
 * @throws unless the broker answers with 2xx
 */
export async function publish(
  sink: string,
  event: DarkroomEvent,
  timeout = usualTimeout,
  clock: Clock = systemClock,
): Promise<void> {
  const { type, job } = event as DarkroomEvent & { job: string };
  const count = (outcome: 'accepted' | 'failed') => metrics.eventsPublished.inc({ type, outcome });
  await traced(`publish ${type}`, { kind: 'producer', attributes: { 'darkroom.job': job } }, () =>
    send(sink, withTrace(event), timeout, clock).then(
      () => count('accepted'),
      (error: unknown) => {
        count('failed');
        throw error;
      },
    ),
  );
}

async function send(sink: string, event: DarkroomEvent, timeout: number, clock: Clock): Promise<void> {
  const { headers, body } = HTTP.binary(event);
  const { span } = currentWork();
  const late = new AbortController();
  const over = new AbortController();
  clock.sleep(timeout, over.signal).then(
    () => late.abort(new Error(`The broker at ${sink} did not answer within ${timeout / 1000} s`)),
    () => undefined,
  );
  try {
    const response = await fetch(sink, {
      method: 'POST',
      headers: { ...(headers as Record<string, string>), ...bearer(), ...(span && { traceparent: span.traceparent }) },
      body: String(body),
      signal: late.signal,
    });
    await response.body?.cancel();
    if (!response.ok) throw new Error(`The broker at ${sink} answered ${response.status} to ${event.type}`);
  } finally {
    over.abort();
  }
}
