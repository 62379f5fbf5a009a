import { statusOf } from '../../functions/ingest/src/jobs/status.ts';
import { notifier } from '../../functions/notify/src/notifier.ts';
import { expire } from '../../functions/sweep/src/expire.ts';
import { clearLeaving } from '../../functions/sweep/src/leaving.ts';
import { resume } from '../../functions/sweep/src/resume.ts';
import { packer } from '../../functions/zip/src/packer.ts';
import { systemClock as clock } from '../../packages/shared/src/clock.ts';
import { readJob } from '../../packages/shared/src/job/job.ts';
import { keys } from '../../packages/shared/src/job/keys.ts';
import type { Store } from '../../packages/shared/src/store/store.ts';
import { acceptJob } from '../../packages/shared/test/support/job.ts';

const day = 24 * 60 * 60;

/** What zip and notify do for a job, print by print, and ingest and the filters before them write. */
export async function takeJob(store: Store, photos: number): Promise<void> {
  const names = Array.from({ length: photos }, (_, index) => `${index + 1}.jpg`);
  const job = await acceptJob(store, Buffer.from('abc'), { names });
  const pack = packer(store, clock);
  for (const photo of job.images)
    for (const filter of job.filters) {
      await store.writeOnce(keys.print(job, photo, filter), Buffer.from('print'));
      await pack(job);
    }
  const settings = {
    PUBLIC_URL: 'http://localhost',
    MAIL_FROM: 'lab@example.org',
    RETENTION: day,
    MAIL_ATTACH_MAX: 0,
    MAIL_RETRY: 60,
  };
  const notify = notifier({
    store,
    clock,
    settings,
    count: () => undefined,
    async send(_mail, { confirm }) {
      await confirm();
      return { kind: 'sent' };
    },
  });
  await notify(job);
  if (!(await store.stat(keys.completed(job.job)))) throw new Error('The job was not completed');
}

/** GET /jobs/<job>, of a job that is not completed. */
export async function describeJob(store: Store, id: string): Promise<void> {
  await statusOf(store, { job: (await readJob(store, id))!, id, isShared: false, path: `/jobs/${id}` });
}

/** The ping of every minute. @param idleSeconds how long a job has stood still that is looked at more closely */
async function look(store: Store, idleSeconds: number): Promise<void> {
  const emit = () => Promise.reject(new Error('It was not the turn of this job'));
  for await (const _ of clearLeaving(store));
  await resume({ store, emit, clock }, { idleSeconds, deadlineSeconds: day });
}

/** The ping of every hour, when nothing is old. */
async function expireJobs(store: Store): Promise<void> {
  for await (const _ of expire(store, 7 * day));
}

/** What is done in a store that is full of jobs. Each is given one that is open. */
export const works = {
  // First: after a while, those that stand still have their turn again.
  'a look, all open jobs stand still': { rounds: 1, run: (store: Store) => look(store, 30) },
  'a look of sweep': { rounds: 1, run: (store: Store) => look(store, day) },
  'status of a job': { rounds: 100, run: describeJob },
  'the hour of sweep': { rounds: 1, run: expireJobs },
};

export type WorkName = keyof typeof works;
