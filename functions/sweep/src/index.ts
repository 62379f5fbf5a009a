import { systemClock } from '@darkroom/shared/clock';
import { readConfig, integer, url } from '@darkroom/shared/config';
import { retention } from '@darkroom/shared/job/retention';
import { publish } from '@darkroom/shared/stage/publish';
import { stage } from '@darkroom/shared/stage';
import { openStore } from '@darkroom/shared/store/open';
import { storeUrl } from '@darkroom/shared/store/url';
import { optional } from 'valibot';
import { recordDeadLetter } from './dead-letter.ts';
import { expire } from './expire.ts';
import { clearLeaving } from './leaving.ts';
import { resume } from './resume.ts';
import type { Emit } from './resume-job.ts';
import { readTask } from './task.ts';
import { openWalk } from './walk.ts';

const day = 24 * 60 * 60;

const settings = {
  STORE_URL: storeUrl,
  K_SINK: url('http:', 'https:'),
  /** Seconds without progress after which a job is completed with what exists. */
  JOB_DEADLINE: optional(integer(1, 30 * day), String(60 * 60)),
  /** Seconds after which a job is removed. */
  RETENTION: retention,
};

/**
 * Keeps the promise of a 202 when events get lost. On a ping it looks for jobs that stand still and emits again exactly what is
 * missing; as the dead letter sink it records what could not be processed; every hour it removes old jobs.
 */
export const { init, handle, shutdown, liveness, readiness } = stage(() => {
  const { STORE_URL, K_SINK, JOB_DEADLINE, RETENTION } = readConfig(settings);
  const store = openStore(STORE_URL);
  const emit: Emit = (event) => publish(K_SINK, event);
  const expiry = openWalk(() => expire(store, RETENTION), systemClock);
  const leaving = openWalk(() => clearLeaving(store), systemClock);
  let looking = false;

  async function look(idleSeconds: number): Promise<void> {
    // Two at once would only resume the same jobs twice, and the next ping comes soon.
    if (looking) return;
    looking = true;
    try {
      leaving.begin();
      await leaving.goOn();
      await resume({ store, emit, clock: systemClock }, { idleSeconds, deadlineSeconds: JOB_DEADLINE });
    } finally {
      looking = false;
    }
  }

  return async ({ failed, idleSeconds, expire: isHour }) => {
    if (failed) await recordDeadLetter(store, failed);
    if (idleSeconds !== undefined) await look(idleSeconds);
    if (isHour) expiry.begin();
    if (!failed) await expiry.goOn();
    return undefined;
  };
}, readTask);
