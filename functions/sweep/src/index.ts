import { readConfig, integer, url } from '@darkroom/shared/config';
import { publish } from '@darkroom/shared/stage/publish';
import { stage } from '@darkroom/shared/stage';
import { openStore } from '@darkroom/shared/store/open';
import { optional } from 'valibot';
import { readCall } from './call.ts';
import { bury } from './dead-letter.ts';
import { expire } from './expire.ts';
import { type Emit, resume } from './resume.ts';

const day = 24 * 60 * 60;

const settings = {
  STORE_URL: url('file:', 's3:'),
  K_SINK: url('http:', 'https:'),
  /** Seconds after which a job is completed with what exists. */
  JOB_DEADLINE: optional(integer(1, 30 * day), String(60 * 60)),
  /** Seconds after which a job is removed. */
  RETENTION: optional(integer(1, 3650 * day), String(7 * day)),
};

/**
 * Keeps the promise of a 202 when events get lost. On a ping it looks for jobs that stand still, and emits again exactly what is
 * missing; as the dead letter sink it turns what could not be processed into a rejected print; hourly it removes old jobs.
 */
export const { init, handle, shutdown, liveness, readiness } = stage(() => {
  const { STORE_URL, K_SINK, JOB_DEADLINE, RETENTION } = readConfig(settings);
  const store = openStore(STORE_URL);
  const emit: Emit = (event) => publish(K_SINK, event);

  return async (call) => {
    if (call.letter) await bury(store, emit, call.letter);
    if (call.idleSeconds !== undefined)
      await resume(store, emit, { idleSeconds: call.idleSeconds, deadlineSeconds: JOB_DEADLINE });
    if (call.expire) await expire(store, RETENTION);
    return undefined;
  };
}, readCall);
