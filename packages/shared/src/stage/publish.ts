import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
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
    const sent = { ...(headers as Record<string, string>), ...bearer(), ...(span && { traceparent: span.traceparent }) };
    const status = await post(sink, sent, String(body), late.signal);
    if (status < 200 || status >= 300) throw new Error(`The broker at ${sink} answered ${status} to ${event.type}`);
  } finally {
    over.abort();
  }
}

/**
 * Uses node:http: fetch takes 20 ms and 15 MB when it is first used, and twice as long for each small event.
 * @returns the status of the answer, once it is there to its end
 */
function post(sink: string, headers: Record<string, string>, body: string, signal: AbortSignal): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = sink.startsWith('https:') ? httpsRequest : httpRequest;
    const sending = request(sink, { method: 'POST', headers, signal }, (response) => {
      response.on('error', fail).once('end', () => resolve(response.statusCode ?? 0));
      response.resume();
    });
    sending.on('error', fail).end(body);

    function fail(error: Error) {
      // A connection that was kept may end while an event is on its way: an event that comes twice does no harm.
      if (sending.reusedSocket && !signal.aborted) resolve(post(sink, headers, body, signal));
      else reject(signal.aborted ? (signal.reason as Error) : error);
    }
  });
}
