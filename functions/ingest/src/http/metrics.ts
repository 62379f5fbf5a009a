import { createServer, type Server } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client';

export interface Metrics {
  /** Counts a server's requests by route pattern: paths contain job ids, so there would be no end of them. */
  observe(app: FastifyInstance): void;
  accepted(images: number): void;
  /** Serves /metrics on its own port: the public address has no such page. */
  server(): Server;
}

export function measure(): Metrics {
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

  return {
    observe(app) {
      app.addHook('onResponse', async ({ method, routeOptions }, { statusCode, elapsedTime }) => {
        const route = routeOptions.url ?? 'none';
        requests.observe({ route, method, status: statusCode }, elapsedTime / 1000);
        if (route === '/' && method === 'POST' && statusCode >= 400) refused.inc({ status: statusCode });
      });
    },
    accepted(count) {
      jobs.inc();
      images.inc(count);
    },
    server: () =>
      createServer((request, response) => {
        if (request.url !== '/metrics') return void response.writeHead(404).end();
        void registry.metrics().then((text) => response.writeHead(200, { 'content-type': registry.contentType }).end(text));
      }),
  };
}
