import type { FastifyInstance } from 'fastify';
import { openApi } from '../api/openapi.ts';
import type { Settings } from '../settings.ts';

/** GET /openapi.json: the interface, for programs that write programs. */
export function descriptionRoute(app: FastifyInstance, settings: Settings): void {
  let text: string | undefined;
  app.get('/openapi.json', async (_request, reply) => {
    text ??= JSON.stringify(openApi(settings));
    return reply.headers({ 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-cache' }).send(text);
  });
}
