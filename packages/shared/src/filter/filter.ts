import { optional } from 'valibot';
import { integer, readConfig, url } from '../config.ts';
import type { Apply, Task } from './develop.ts';
import { Rejected } from '../errors.ts';
import { filterFinished, type PrintOutcome } from '../events.ts';
import { printType } from '../image/formats.ts';
import { type Job, type Photo, readJob } from '../job/job.ts';
import { keys } from '../job/keys.ts';
import { withdrawIfGone } from '../job/remove.ts';
import { limits } from '../image/limits.ts';
import { type Stage, stage } from '../stage/stage.ts';
import { json, type Store } from '../store/store.ts';
import { openStore } from '../store/open.ts';
import { type WorkerPool, workerPool } from '../worker/pool.ts';
import { isWorker } from '../worker/process.ts';
import { defaultWorkers } from '../worker/count.ts';
import { work } from '../worker/worker.ts';

export { colourMatrix, luma } from '../image/colour-matrix.ts';
export type { Apply } from './develop.ts';
export type { Image } from '../image/jimp.ts';

const settings = {
  STORE_URL: url('file:', 's3:'),
  MAX_IMAGE_SECONDS: limits.MAX_IMAGE_SECONDS,
  /** How many photos one process of the filter develops at once. */
  WORKERS: optional(integer(1, 64), () => String(defaultWorkers())),
};

/**
 * A whole filter stage out of its pixels: listens for image.uploaded, stores the print, answers filter.finished.
 * The process that listens touches no pixel: it hands the photo to a worker, which is this same program once more.
 * @param name lower-case letters and digits; the Trigger filters on it, and it names the prints
 */
export function filter(name: string, apply: Apply): Stage {
  let workers: WorkerPool<Task, void> | undefined;

  const listening = stage(() => {
    const { STORE_URL, MAX_IMAGE_SECONDS, WORKERS } = readConfig(settings);
    const store = openStore(STORE_URL);
    const pool = workerPool<Task, void>(WORKERS, MAX_IMAGE_SECONDS);
    workers = pool;
    setImmediate(() => pool.warm());

    return async ({ job: id, image }) => {
      const job = await readJob(store, id);
      const photo = job?.images.find((candidate) => candidate.image === image);
      // A job that was deleted, or one that never asked for this filter: nothing to do, and no reason to be asked again.
      if (!job || !photo || !job.filters.includes(name)) return undefined;
      const outcome = (await outcomeOf(store, job, photo, name)) ?? (await develop(store, pool, job, photo, name));
      // What was written for a job that was deleted meanwhile is taken back.
      if (await withdrawIfGone(store, id)) return undefined;
      return filterFinished(job, photo.image, name, outcome);
    };
  });

  if (isWorker) return { ...listening, init: async () => work((await import('./develop.ts')).developer(apply)) };
  return {
    ...listening,
    async shutdown() {
      await listening.shutdown();
      workers?.close();
    },
  };
}

/** What an earlier delivery of the same event came to, if there was one. */
async function outcomeOf(store: Store, job: Job, photo: Photo, name: string): Promise<PrintOutcome | undefined> {
  if (await store.stat(keys.print(job, photo, name))) return 'succeeded';
  if (await store.stat(keys.rejection(job.job, photo.image, name))) return 'rejected';
  return undefined;
}

async function develop(store: Store, pool: WorkerPool<Task, void>, job: Job, photo: Photo, name: string): Promise<PrintOutcome> {
  const { format, quality } = job.options;
  try {
    await pool.run({
      original: keys.original(job.job, photo),
      print: keys.print(job, photo, name),
      type: printType(photo.type, format),
      ...(quality !== undefined && { quality }),
    });
    return 'succeeded';
  } catch (error) {
    if (!(error instanceof Rejected)) throw error;
    await store.writeOnce(keys.rejection(job.job, photo.image, name), json({ reason: error.message }));
    return 'rejected';
  }
}
