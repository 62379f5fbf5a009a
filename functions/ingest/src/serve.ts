import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';
import { anyHost } from '@darkroom/shared/any-host';
import { systemClock } from '@darkroom/shared/clock';
import { logListening } from '@darkroom/shared/listening';
import { log } from '@darkroom/shared/log';
import { openStore } from '@darkroom/shared/store/open';
import { prepareTemporaryFolder } from '@darkroom/shared/temporary-folder';
import { measure } from './http/metrics.ts';
import { openThumbnailer } from './jobs/thumbnails.ts';
import { createServer } from './server.ts';
import type { Settings } from './settings.ts';
import { stopOnSignal } from './stop.ts';
import { guarded } from './storage.ts';
import type { Inspector } from './upload/inspector.ts';
import { spoolPurpose } from './upload/spool.ts';

/** Listens until the process is told to stop. */
export async function serve(settings: Settings, inspector: Inspector): Promise<void> {
  prepareTemporaryFolder(spoolPurpose, 'Photos cannot be taken in');
  const closing = new AbortController();
  const store = guarded(openStore(settings.STORE_URL));
  const metrics = measure();
  const thumbnailer = openThumbnailer(settings);
  const app = createServer({ settings, store, inspector, thumbnailer, metrics, clock: systemClock, closing: closing.signal });
  stopOnSignal(app, closing, systemClock);
  const host = await anyHost();
  const metricsPort =
    settings.METRICS_PORT === undefined ? undefined : await serveMetrics(metrics.server(), settings.METRICS_PORT, host);
  await app.listen({ port: settings.PORT, host });
  const { K_REVISION: revision, FILTERS } = settings;
  logListening({ port: portOf(app.server), metricsPort, revision, filters: FILTERS.join('+') });
  if (settings.TRUSTED_PROXIES === undefined)
    log('clients are not told apart, and have no limits of their own: TRUSTED_PROXIES is not set');
}

/** Stays up until the process ends, so that a scrape sees the last requests as well. */
async function serveMetrics(server: Server, port: number, host: string): Promise<number> {
  await once(server.unref().listen(port, host), 'listening');
  return portOf(server);
}

const portOf = (server: Server) => (server.address() as AddressInfo).port;
