import multipart from '@fastify/multipart';
import fastify, { type FastifyInstance } from 'fastify';
import { bulkhead } from './http/bulkhead.ts';
import { descriptionRoute } from './http/description-route.ts';
import { refuseConnection, refuseSlowUpload } from './http/client-error.ts';
import { clientOf, trusted } from './http/client.ts';
import { allowOrigins } from './http/cors.ts';
import { addressFinder } from './http/address.ts';
import { measureRequests } from './http/metrics.ts';
import { refuseOtherSites } from './http/origin.ts';
import { watchPace } from './http/pace.ts';
import { pageRoute } from './http/page-route.ts';
import { findPrefixes, prefixFinder } from './http/prefix.ts';
import { answerError, sendProblem } from './http/problem.ts';
import { openTurnstile } from './http/turnstile.ts';
import { eventsRoute } from './jobs/events-route.ts';
import { fileRoute } from './jobs/file-route.ts';
import { jobRoutes } from './jobs/routes.ts';
import { openThumbnails } from './jobs/thumbnails.ts';
import { openOffers } from './offers.ts';
import { tusRoutes } from './tus/route.ts';
import { openUploads } from './tus/uploads.ts';
import { type Intake, uploadRoute } from './upload/route.ts';

/** Everything that ingest serves to people. */
export function createServer(intake: Intake): FastifyInstance {
  const { settings, store, closing } = intake;
  const always = {
    'x-darkroom-revision': settings.K_REVISION,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
  };
  const prefixOf = prefixFinder(settings);
  const app = fastify({
    // Against clients that never finish their headers, or neither send nor read a byte. The duration of a request is not limited, but its
    // pace is.
    http: { headersTimeout: 20_000, connectionsCheckingInterval: 5_000 },
    requestTimeout: 0,
    connectionTimeout: 120_000,
    trustProxy: trusted(settings.TRUSTED_PROXIES),
    // A proxy may still use the connections that it holds; they close with the next response.
    return503OnClosing: false,
    exposeHeadRoutes: true,
    clientErrorHandler: refuseConnection(settings.K_REVISION),
    // Hooks do not see these.
    frameworkErrors(error, request, reply) {
      request.prefix = prefixOf(request);
      answerError(error, request, reply.headers(always));
    },
  });

  app.addHook('onRequest', async (_request, reply) => {
    reply.headers(always);
  });
  app.addHook('onSend', async (_request, reply) => {
    if (closing.aborted) reply.header('connection', 'close');
  });
  app.setErrorHandler(answerError);
  const addressOf = addressFinder(app);
  app.setNotFoundHandler((request, reply) => {
    const address = addressOf(request);
    if (!address)
      return sendProblem(request, reply, { status: 404, detail: 'There is nothing at this address. Send photos to /.' });
    reply.header('allow', address.methods.join(', '));
    sendProblem(request, reply, {
      status: 405,
      detail: `${request.method} is not allowed here. Use ${address.methods.join(' or ')}.`,
    });
  });
  findPrefixes(app, prefixOf);
  allowOrigins(app, settings);
  limitRequests(app, intake);

  // The route reads bodies as streams, so every content type must get that far.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));
  void app.register(multipart);

  measureRequests(app, addressOf, settings.K_REVISION);
  for (const path of ['/health/readiness', '/health/liveness']) app.get(path, async () => 'OK');
  const offers = openOffers(store, settings);
  pageRoute(app, settings, offers);
  descriptionRoute(app, settings);
  const uploads = openUploads(store, settings, intake.clock);
  const turnstile = openTurnstile(settings);
  tusRoutes(app, settings, uploads, turnstile);
  uploadRoute(app, intake, offers, uploads, turnstile);
  jobRoutes(app, store);
  eventsRoute(app, intake);
  fileRoute(app, settings, store, openThumbnails(store, intake.thumbnailer));
  app.addHook('onClose', async () => intake.thumbnailer.close());
  return app;
}

/**
 * Limits long requests, each kind separately, so that page, status and health are never held up. Knative's own limit
 * (containerConcurrency) cannot tell them apart, so it is off.
 */
function limitRequests(app: FastifyInstance, { settings, clock }: Pick<Intake, 'settings' | 'clock'>): void {
  const downloads = bulkhead({ kind: 'downloads', all: settings.MAX_DOWNLOADS, perClient: settings.CLIENT_REQUESTS });

  app.addHook('onRequest', async (request, reply) => {
    const over = new AbortController();
    reply.raw.once('close', () => over.abort());
    void watchPace(request.raw, {
      least: settings.MIN_UPLOAD_RATE,
      tooSlow: () => refuseSlowUpload(settings.K_REVISION, request.raw.socket),
      signal: over.signal,
      clock,
    });
    if (request.method === 'DELETE' || request.routeOptions.url === '/jobs/:job/share')
      refuseOtherSites(request, settings.ALLOWED_ORIGINS);
    if (request.routeOptions.url === '/jobs/:job/*') reply.raw.once('close', downloads.enter(clientOf(request, settings)));
  });
}
