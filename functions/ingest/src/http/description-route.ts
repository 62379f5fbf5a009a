import type { FastifyInstance } from 'fastify';
import { openApi } from '../api/openapi.ts';
import type { Settings } from '../settings.ts';

/** GET /openapi.json: the interface, for programs that write programs. */
export function descriptionRoute(app: FastifyInstance, settings: Settings): void {
  app.get('/openapi.json', async ({ prefix }, reply) => {
    const text = JSON.stringify(openApi(settings, prefix));
    return reply.headers({ 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-cache' }).send(text);
  });
}
