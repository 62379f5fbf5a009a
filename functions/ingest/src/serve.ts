import type { AddressInfo } from 'node:net';
import { log } from '@darkroom/shared/log';
import { openStore } from '@darkroom/shared/store/open';
import { createServer } from './server.ts';
import type { Settings } from './settings.ts';
import { stopOnSignal } from './stop.ts';
import { guarded } from './storage.ts';
import type { Judge } from './upload/judge.ts';

/** Listens until the process is told to stop. */
export async function serve(settings: Settings, judge: Judge): Promise<void> {
  const closing = new AbortController();
  const app = createServer(settings, guarded(openStore(settings.STORE_URL)), judge, closing.signal);
  stopOnSignal(app, closing);
  await app.listen({ port: settings.PORT, host: '::' });
  log('listening', {
    port: (app.server.address() as AddressInfo).port,
    revision: settings.K_REVISION,
    filters: settings.FILTERS.join('+'),
  });
}
