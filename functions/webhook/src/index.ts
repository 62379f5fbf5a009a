import { systemClock as clock } from '@darkroom/shared/clock';
import { readConfig } from '@darkroom/shared/config';
import { type Incoming, pingType, readEvent } from '@darkroom/shared/events';
import { metrics } from '@darkroom/shared/metrics';
import { stage } from '@darkroom/shared/stage';
import { openStore } from '@darkroom/shared/store/open';
import { openAttempt } from './attempt.ts';
import { look } from './look.ts';
import { settings as schema } from './settings.ts';
import { openWebhook, type WebhookOptions } from './webhook.ts';

/** What is heard: that a job has ended, or a ping. */
type Heard = Pick<Incoming, 'type'> & Partial<Pick<Incoming, 'job' | 'traceparent'>>;

function read(received: unknown): Heard {
  const { type } = (received ?? {}) as { type?: unknown };
  return type === pingType ? { type: pingType } : readEvent(received);
}

export const { init, handle, shutdown, liveness, readiness } = stage(() => {
  const settings = readConfig(schema);
  const store = openStore(settings.STORE_URL);
  const count: WebhookOptions['count'] = ({ kind: outcome }, { revision }) => metrics.webhooks.inc({ revision, outcome });
  const deliver = openWebhook({ store, clock, attempt: openAttempt(settings, clock), count, settings });

  return async ({ job }) => {
    if (job === undefined) await look(store, clock, deliver);
    else {
      const failure = await deliver(job);
      if (failure !== undefined) throw new Error(failure);
    }
    return undefined;
  };
}, read);
