import type { FastifyInstance } from 'fastify';
import type { Settings } from '../settings.ts';

/** What other sites may send and read, besides what every site may. */
const [methods, sent, read] = [
  'GET, HEAD, POST, PATCH, DELETE',
  'authorization, content-type, idempotency-key, tus-resumable, upload-length, upload-metadata, upload-offset',
  'location, retry-after, www-authenticate, x-darkroom-revision, tus-resumable, tus-version, tus-extension, tus-max-size, ' +
    'upload-offset, upload-length, upload-metadata, upload-expires',
];

/**
 * Lets pages of the sites in ALLOWED_ORIGINS use the whole interface (CORS), and those of no other. By hand, because the plugin for it
 * answers every OPTIONS, also those that ask what tus can do.
 */
export function allowOrigins(app: FastifyInstance, { ALLOWED_ORIGINS = [] }: Settings): void {
  if (ALLOWED_ORIGINS.length === 0) return;
  app.addHook('onRequest', async ({ method, headers }, reply) => {
    const { origin } = headers;
    if (origin === undefined || !ALLOWED_ORIGINS.includes(origin)) return;
    reply.headers({ 'access-control-allow-origin': origin, 'access-control-expose-headers': read });
    if (method !== 'OPTIONS' || headers['access-control-request-method'] === undefined) return;
    reply.headers({
      'access-control-allow-methods': methods,
      'access-control-allow-headers': sent,
      'access-control-max-age': 86_400,
    });
    return reply.code(204).send();
  });
  // A response for one origin is none for another.
  app.addHook('onSend', async (_request, reply) => {
    reply.header('vary', [reply.getHeader('vary'), 'origin'].filter(Boolean).join(', '));
  });
}
