import type { Context, HealthCheck } from 'faas-js-runtime';
import { type Clock, systemClock } from '../clock.ts';
import { explain, Rejected, Unavailable } from '../errors.ts';
import { type DarkroomEvent, type Incoming, readEvent } from '../events.ts';
import { currentWork, revisionOf, workingOn } from '../trace/current.ts';
import { log } from '../log.ts';
import { metrics } from '../metrics/metrics.ts';
import { shorten } from '../shorten.ts';
import { stackOf } from '../stack.ts';
import { traced, withTrace } from '../trace/trace.ts';
import { demandToken } from './token.ts';

/** What the runtime expects of a function module. */
export interface Stage {
  init: () => Promise<void>;
  handle: (context: Context, event?: unknown) => Promise<DarkroomEvent | undefined>;
  shutdown: () => Promise<void>;
  liveness: HealthCheck;
  readiness: HealthCheck;
}

/** The part of an event that is logged. */
interface Step {
  type: string;
  job?: string | undefined;
  image?: string | undefined;
  filter?: string | undefined;
  traceparent?: string | undefined;
}

/** Milliseconds that a stage may continue what it has begun once it is told to stop. Knative itself allows 300 s at most. */
const drainTime = 25_000;

/** Handles one checked event; what it returns goes back to the broker as the next event. */
export type Handler<Received> = (received: Received) => Promise<DarkroomEvent | undefined>;

/**
 * Turns a handler into a function module: checks the event, logs the step, and separates transient faults (500, the broker tries
 * again) from permanent ones (4xx, straight to the dead letter sink).
 * @param open reads settings and opens what the handler needs; called once, before the port opens
 * @param read checks what arrives, for a stage that accepts more than Darkroom's own events
 */
export function stage(open: () => Handler<Incoming>): Stage;
export function stage<Received extends Step>(
  open: () => Handler<Received>,
  read: (received: unknown) => Received,
  clock?: Clock,
): Stage;
export function stage(open: () => Handler<Incoming>, read = readEvent, clock: Clock = systemClock): Stage {
  let handler: Handler<Incoming> | undefined;
  const running = new Set<Promise<unknown>>();

  async function run(received: unknown, headers: Context['headers']) {
    if (!handler) throw new Error('The function was called before init() had finished');
    demandToken(headers?.['authorization']);
    const event = read(received);
    const { type, job, image, filter } = event;
    const attributes = { 'darkroom.job': job, 'darkroom.image': image, 'darkroom.filter': filter };
    // The attribute names the step that made the event; the header, if a broker traces as well, only the last hop.
    const parent = event.traceparent ?? (headers?.['traceparent'] as string | undefined);
    const work = handler;
    return workingOn({ job }, () =>
      traced(`process ${type}`, { kind: 'consumer', parent, attributes }, () => handleStep(work, event)),
    );
  }

  return {
    async init() {
      handler = open();
    },
    async handle({ headers }, event) {
      const work = run(event, headers);
      running.add(work);
      try {
        return await work;
      } catch (error) {
        throw answerable(error);
      } finally {
        running.delete(work);
      }
    },
    async shutdown() {
      const over = new AbortController();
      const late = clock.sleep(drainTime, over.signal).catch(() => undefined);
      await Promise.race([Promise.allSettled(running), late]);
      over.abort();
    },
    // The runtime's own probes answer 503 after the event loop was busy for 42 ms, which says nothing about health.
    liveness: answerOk,
    readiness: answerOk,
  };
}

/** One step: what is logged and measured of it. */
async function handleStep(handler: Handler<Incoming>, event: Incoming): Promise<DarkroomEvent | undefined> {
  const begun = performance.now();
  const { type, job, image, filter } = event;
  const fields = { job, image, filter };
  const measure = (outcome: 'emitted' | 'waiting' | 'rejected' | 'failed') => {
    currentWork().span?.set('darkroom.revision', revisionOf());
    metrics.stageSeconds.observe({ revision: revisionOf(), outcome }, (performance.now() - begun) / 1000);
  };
  try {
    const reply = await handler(event);
    measure(reply ? 'emitted' : 'waiting');
    log(reply ? `emitted ${reply.type}` : `waiting after ${type}`, { ...fields, ms: Math.round(performance.now() - begun) });
    return reply && withTrace(reply);
  } catch (error) {
    measure(error instanceof Rejected ? 'rejected' : 'failed');
    log(`failed at ${type}`, { ...fields, error: explain(error) });
    // A rejection already says what is wrong; any other error may be our own mistake, so show where it happened.
    if (!(error instanceof Rejected)) console.error(stackOf(error));
    throw error;
  }
}

/** Bytes of an answer's body: more than 768 would end Knative's in-memory dispatcher with all that it holds (docs/conformance.md). */
const longestBody = 700;

/** The runtime takes the status from `code`, and trips over the string codes of system errors. */
function answerable(error: unknown): Error {
  const code = error instanceof Rejected || error instanceof Unavailable ? error.status : 500;
  return Object.assign(new Error(shorten(explain(error), longestBody)), { code });
}

const answerOk: HealthCheck = (_request, reply) => {
  (reply as unknown as { send(body: string): void }).send('OK');
};
