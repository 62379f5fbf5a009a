import { setTimeout as delay } from 'node:timers/promises';
import type { Job } from '@darkroom/shared/job';
import type { Store } from '@darkroom/shared/store';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { accept, announce } from './accept.ts';
import type { Metrics } from '../http/metrics.ts';
import type { Settings } from '../settings.ts';
import { claimJob } from './claim.ts';
import { receive, requirePhotos } from './receive.ts';
import type { Judge } from './judge.ts';
import { openSpool } from './spool.ts';
import { readWishes, type Wishes } from './wishes.ts';

/** POST /: takes photos, and answers 202 once they are safe. */
export function uploadRoute(
  app: FastifyInstance,
  settings: Settings,
  store: Store,
  judge: Judge,
  metrics: Metrics,
  closing: AbortSignal,
): void {
  const underWay = new Set<Promise<unknown>>();
  // An upload that was cut off still has its photos to clear away.
  app.addHook('onClose', async () => {
    await Promise.allSettled(underWay);
    judge.close();
  });

  app.post('/', async (request, reply) => {
    const taking = take(request);
    underWay.add(taking);
    const { job, wait } = await taking.finally(() => underWay.delete(taking));
    metrics.accepted(job.images.length);
    await Promise.all([announce(settings.K_SINK, job), hold(wait)]);
    if (prefersPage(request)) return reply.redirect(`/?job=${job.job}#accepted`, 303);
    return reply.code(202).header('location', `/jobs/${job.job}`).header('cache-control', 'no-store').send(receipt(job));
  });

  async function take(request: FastifyRequest): Promise<{ job: Job; wait: Wishes['wait'] }> {
    const spool = await openSpool(settings, judge);
    try {
      const fields = await receive(request, spool);
      requirePhotos(spool);
      const wishes = readWishes(fields);
      const { arrivals } = spool;
      const key = idempotencyKey(request);
      const { id, claim } = await claimJob(store, key, wishes, arrivals);
      return { job: await accept(store, settings, { id, claim, arrivals, wishes }), wait: wishes.wait };
    } finally {
      await spool.remove();
    }
  }

  /** Shutting down ends the wait, since nobody waits for its end. */
  async function hold(seconds: number): Promise<void> {
    if (seconds > 0) await delay(seconds * 1000, undefined, { signal: closing }).catch(() => {});
  }
}

function idempotencyKey({ headers }: FastifyRequest): string | undefined {
  const key = headers['idempotency-key'];
  return Array.isArray(key) ? key.join(', ') : key;
}

/** A form that was posted without JavaScript. */
function prefersPage({ headers }: FastifyRequest): boolean {
  const accepted = headers.accept ?? '';
  return accepted.includes('text/html') && !accepted.includes('json');
}

function receipt({ job, revision, filters, archive, images }: Job) {
  return { job, status: 'processing', revision, filters, archive, images, links: { self: `/jobs/${job}` } };
}
