import { Rejected } from '@darkroom/shared/errors';
import { metrics } from '@darkroom/shared/metrics';
import type { FastifyInstance } from 'fastify';
import { StorageFailed } from '../storage.ts';
import type { addressFinder } from './address.ts';
import { Busy } from './busy.ts';

/** Measures a server's requests by route pattern: paths contain job ids, so there would be no end of them. */
export function measureRequests(app: FastifyInstance, addressOf: ReturnType<typeof addressFinder>, revision: string): void {
  app.addHook('onResponse', async (request, { statusCode, elapsedTime }) => {
    const { method, routeOptions } = request;
    const route = routeOptions.url ?? addressOf(request)?.pattern ?? 'none';
    // The platform asks all the time, and nobody waits for it.
    if (route.startsWith('/health/')) return;
    metrics.requestSeconds.observe({ revision, route, method, status: String(statusCode) }, elapsedTime / 1000);
  });
}

/** Counts a post that was refused as a whole, or a request of an upload in pieces. */
export function countRefusedUpload(error: unknown, revision: string): void {
  metrics.uploadsRefused.inc({ revision, reason: reasonOf(error) });
}

/** The class of a reason, in one word. */
function reasonOf(error: unknown): string {
  if (error instanceof Busy) return error.status === 429 ? 'client_limit' : 'busy';
  if (error instanceof StorageFailed) return error.status === 507 ? 'storage_full' : 'storage_failed';
  return error instanceof Rejected ? error.reason : 'error';
}
