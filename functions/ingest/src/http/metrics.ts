import type { FastifyInstance } from 'fastify';
import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client';

export interface Metrics {
  accepted(images: number): void;
}

/** Serves /metrics, and measures every request by its route pattern: paths hold job ids, and would never end. */
export function measure(app: FastifyInstance): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const requests = new Histogram({
    name: 'darkroom_http_request_duration_seconds',
    help: 'Requests by route, method and status',
    labelNames: ['route', 'method', 'status'],
    buckets: [0.005, 0.02, 0.1, 0.5, 1, 2.5, 5, 10, 30, 120],
    registers,
  });
  const jobs = new Counter({ name: 'darkroom_jobs_accepted_total', help: 'Jobs accepted', registers });
  const images = new Counter({ name: 'darkroom_images_accepted_total', help: 'Images accepted', registers });
  const refused = new Counter({
    name: 'darkroom_uploads_refused_total',
    help: 'Uploads refused, by status',
    labelNames: ['status'],
    registers,
  });

  app.addHook('onResponse', async ({ method, routeOptions }, { statusCode, elapsedTime }) => {
    const route = routeOptions.url ?? 'none';
    requests.observe({ route, method, status: statusCode }, elapsedTime / 1000);
    if (route === '/' && method === 'POST' && statusCode >= 400) refused.inc({ status: statusCode });
  });
  app.get('/metrics', async (_request, reply) => reply.type(registry.contentType).send(await registry.metrics()));

  return {
    accepted(count) {
      jobs.inc();
      images.inc(count);
    },
  };
}
