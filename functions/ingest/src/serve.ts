import type { AddressInfo } from 'node:net';
import { systemClock } from '@darkroom/shared/clock';
import { everyInterface, listenOnEveryInterface } from '@darkroom/shared/every-interface';
import { giveBackWhenIdle } from '@darkroom/shared/give-back';
import { logListening } from '@darkroom/shared/listening';
import { log } from '@darkroom/shared/log';
import { serveMetrics } from '@darkroom/shared/metrics/server';
import { openStore } from '@darkroom/shared/store/open';
import { prepareTemporaryFolder } from '@darkroom/shared/temporary-folder';
import { flushTraces, openTracing } from '@darkroom/shared/trace';
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
  const thumbnailer = openThumbnailer(settings);
  const app = createServer({ settings, store, inspector, thumbnailer, clock: systemClock, closing: closing.signal });
  const [metrics] = await Promise.all([serveMetrics(), openTracing()]);
  const lastWords = async () => void (await Promise.all([metrics?.lastRead(), flushTraces()]));
  stopOnSignal(app, closing, systemClock, lastWords);
  listenOnEveryInterface();
  await app.listen({ port: settings.PORT, host: everyInterface });
  giveBackWhenIdle();
  const { port } = app.server.address() as AddressInfo;
  const { K_REVISION: revision, FILTERS } = settings;
  logListening({ port, metricsPort: metrics?.port, revision, filters: FILTERS.join('+') });
  if (settings.TRUSTED_PROXIES === undefined)
    log('clients are not told apart, and have no limits of their own: TRUSTED_PROXIES is not set');
}
