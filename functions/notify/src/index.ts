import { systemClock as clock } from '@darkroom/shared/clock';
import { readConfig } from '@darkroom/shared/config';
import { stage } from '@darkroom/shared/stage';
import { openStore } from '@darkroom/shared/store/open';
import { countMails } from './metrics.ts';
import { notifier } from './notifier.ts';
import { settings as schema } from './settings.ts';
import { openTransport } from './transport.ts';

export const { init, handle, shutdown, liveness, readiness } = stage(() => {
  const settings = readConfig(schema);
  const store = openStore(settings.STORE_URL);
  return notifier({ store, clock, send: openTransport(settings, clock), count: countMails(), settings });
});
