import multipart from '@fastify/multipart';
import type { Store } from '@darkroom/shared/store';
import fastify, { type FastifyInstance } from 'fastify';
import { refuseConnection } from './http/client-error.ts';
import { jobRoutes } from './jobs/routes.ts';
import { refuseOtherMethods } from './http/methods.ts';
import { measure } from './http/metrics.ts';
import { pageRoute } from './http/page-route.ts';
import { answerError, sendProblem } from './http/problem.ts';
import type { Settings } from './settings.ts';
import type { Judge } from './upload/judge.ts';
import { uploadRoute } from './upload/route.ts';

/** Fields of a form; there are four, and browsers add a few of their own. */
const mostFields = 20;

/** @param closing aborted when the process has been told to stop */
export function createServer(settings: Settings, store: Store, judge: Judge, closing: AbortSignal): FastifyInstance {
  const always = {
    'x-darkroom-revision': settings.K_REVISION,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
  };
  const app = fastify({
    // Against clients that never finish: for the headers, for the whole request, and without a byte either way.
    http: { headersTimeout: 20_000, connectionsCheckingInterval: 5_000 },
    requestTimeout: 300_000,
    connectionTimeout: 120_000,
    // A proxy may still use the connections that it holds; they close with the next answer.
    return503OnClosing: false,
    exposeHeadRoutes: true,
    clientErrorHandler: refuseConnection(settings.K_REVISION),
    // Hooks do not see these.
    frameworkErrors: (error, request, reply) => answerError(error, request, reply.headers(always)),
  });

  app.addHook('onRequest', async (_request, reply) => {
    reply.headers(always);
  });
  app.addHook('onSend', async (_request, reply) => {
    if (closing.aborted) reply.header('connection', 'close');
  });
  app.setErrorHandler(answerError);
  app.setNotFoundHandler((request, reply) => {
    sendProblem(request, reply, 404, 'There is nothing at this address. Photos are sent to /.');
  });

  // Bodies are read by the route, as streams; every type gets that far.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));
  app.register(multipart, {
    throwFileSizeLimit: false,
    // The spool counts bytes and files itself, and says which file it was.
    limits: { fileSize: Infinity, fields: mostFields, fieldSize: 1000, parts: settings.MAX_FILES + 1 + mostFields },
  });

  const metrics = measure(app);
  for (const path of ['/health/readiness', '/health/liveness']) app.get(path, async () => 'OK');
  pageRoute(app, settings);
  uploadRoute(app, settings, store, judge, metrics, closing);
  jobRoutes(app, settings, store);
  refuseOtherMethods(app, ['/', '/jobs/:job', '/jobs/:job/*', '/health/readiness', '/health/liveness', '/metrics']);
  return app;
}
