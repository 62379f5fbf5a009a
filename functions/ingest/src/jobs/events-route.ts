import { Readable } from 'node:stream';
import type { Clock } from '@darkroom/shared/clock';
import { Rejected } from '@darkroom/shared/errors';
import type { Store } from '@darkroom/shared/store';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { bulkhead } from '../http/bulkhead.ts';
import { clientOf } from '../http/client.ts';
import type { Settings } from '../settings.ts';
import { findJob } from './find.ts';
import { statusOf } from './status.ts';

/** Milliseconds between two looks at the store: short after each change, then longer. */
const [shortest, longest] = [250, 2500];
/** Milliseconds without a change after which an event says that the stream is alive: proxies cut what is silent. */
const silence = 10_000;
/** Milliseconds. Gateways end a response that takes longer; the browser asks again by itself. */
const duration = 240_000;

interface Streaming {
  settings: Settings;
  store: Store;
  clock: Clock;
  /** Aborted when the process has been told to stop. */
  closing: AbortSignal;
}

/**
 * GET /jobs/<job>/events: the status of a job whenever it changes, as server-sent events, until it is done. `status` carries what
 * GET /jobs/<job> answers, `gone` says that the job was deleted, and `alive` that nothing has changed.
 */
export function eventsRoute(app: FastifyInstance, { settings, store, clock, closing }: Streaming): void {
  const streams = bulkhead({ kind: 'streams', all: settings.MAX_STREAMS, perClient: settings.CLIENT_REQUESTS });

  app.get('/jobs/:job/events', { exposeHeadRoute: false }, async (request, reply) => {
    await findJob(store, request);
    const gone = new AbortController();
    reply.raw.once('close', streams.enter(clientOf(request, settings)));
    reply.raw.once('close', () => gone.abort());
    reply.headers({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store, no-transform',
      // For nginx: by default it collects a response before it passes it on.
      'x-accel-buffering': 'no',
    });
    return reply.send(Readable.from(changes(request, AbortSignal.any([closing, gone.signal]))));
  });

  async function* changes(request: FastifyRequest, signal: AbortSignal): AsyncGenerator<string, void> {
    const end = clock.now() + duration;
    let [last, pause, quiet] = ['', shortest, 0];
    yield 'retry: 1000\n\n';
    while (clock.now() < end) {
      const status = await look(request);
      if (!status) return yield eventOf('gone');
      const text = JSON.stringify(status);
      if (text !== last) {
        yield eventOf('status', text);
        [last, pause, quiet] = [text, shortest, 0];
      } else if (quiet >= silence) {
        yield eventOf('alive');
        quiet = 0;
      }
      if (status.status !== 'processing') return;
      try {
        await clock.sleep(pause, signal);
      } catch {
        return;
      }
      quiet += pause;
      pause = Math.min(longest, pause * 1.25);
    }
  }

  async function look(request: FastifyRequest) {
    try {
      return await statusOf(store, await findJob(store, request));
    } catch (error) {
      if (error instanceof Rejected) return undefined;
      throw error;
    }
  }
}

/** The data of an event is never absent: browsers ignore an event without it. */
const eventOf = (name: string, data = '{}') => `event: ${name}\ndata: ${data}\n\n`;
