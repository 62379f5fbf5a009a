import { systemClock as clock } from '@darkroom/shared/clock';
import { readConfig } from '@darkroom/shared/config';
import { metrics } from '@darkroom/shared/metrics';
import { stage } from '@darkroom/shared/stage';
import { openStore } from '@darkroom/shared/store/open';
import { notifier, type NotifierOptions } from './notifier.ts';
import { settings as schema } from './settings.ts';
import { openTransport } from './transport.ts';

export const { init, handle, shutdown, liveness, readiness } = stage(() => {
  const settings = readConfig(schema);
  const store = openStore(settings.STORE_URL);
  const count: NotifierOptions['count'] = ({ kind: outcome }, { revision }) => metrics.mails.inc({ revision, outcome });
  return notifier({ store, clock, send: openTransport(settings, clock), count, settings });
});
