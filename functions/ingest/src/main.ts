import type { AddressInfo } from 'node:net';
import { explain } from '@darkroom/shared/errors';
import { log } from '@darkroom/shared/log';
import { openStore } from '@darkroom/shared/store/open';
import { createServer } from './server.ts';
import { readSettings } from './settings.ts';
import { stopOnSignal } from './stop.ts';
import { guarded } from './storage.ts';

try {
  const settings = readSettings();
  const closing = new AbortController();
  const app = createServer(settings, guarded(openStore(settings.STORE_URL)), closing.signal);
  stopOnSignal(app, closing);
  await app.listen({ port: settings.PORT, host: '::' });
  log('listening', {
    port: (app.server.address() as AddressInfo).port,
    revision: settings.K_REVISION,
    filters: settings.FILTERS.join('+'),
  });
} catch (error) {
  const taken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
  console.error(taken ? `Port ${process.env['PORT'] || 8080} is taken. Set PORT to a free one and start again.` : explain(error));
  process.exit(1);
}
