import { explain, Rejected } from '@darkroom/shared/errors';
import type { Job } from '@darkroom/shared/job';
import { withdrawIfGone } from '@darkroom/shared/job/remove';
import { log } from '@darkroom/shared/log';
import { type Store, type Stored, readBytes } from '@darkroom/shared/store';
import { openStore } from '@darkroom/shared/store/open';
import { type WorkerPool, workerPool } from '@darkroom/shared/worker/pool';
import { programBytes } from '@darkroom/shared/worker/count';
import type { Compute } from '@darkroom/shared/worker/worker';
import { Busy } from '../http/busy.ts';
import type { Settings } from '../settings.ts';
import type { JobFile } from './files.ts';

/** A thumbnail to be made, by the keys of the picture and of its copy. */
export interface ThumbnailTask {
  from: string;
  to: string;
  /** Pixels. */
  width: number;
}

/** Makes thumbnails in processes of their own. */
export type Thumbnailer = Pick<WorkerPool<ThumbnailTask, void>, 'run' | 'close'>;

/** Each needs a processor for some 50 ms, and an upload should not wait for them. */
const processes = 2;
const stuckSeconds = 60;
/** Bytes for both together, so that a container of 1 GiB has room for uploads beside them. A picture that needs more has no thumbnail. */
const memory = 400 * 1024 * 1024;

export function openThumbnailer({ MAX_IMAGE_SECONDS: seconds }: Settings): Thumbnailer {
  return workerPool(processes, { seconds, bytes: programBytes + memory, stuckSeconds }, { memory });
}

/** What such a process does with each task. */
export async function loadThumbnails(settings: Settings): Promise<(task: ThumbnailTask, compute: Compute) => Promise<void>> {
  const { thumbnailOf } = await import('@darkroom/shared/image/thumbnail');
  const store = openStore(settings.STORE_URL);
  return async ({ from, to, width }, compute) => {
    const picture = await readBytes(store, from);
    if (!picture) throw new Error(`${from} is not in the store`);
    const { bytes, make } = await thumbnailOf(picture, width, settings);
    await store.writeOnce(to, await compute(bytes, make));
  };
}

/** The thumbnails of jobs, each made when it is first asked for, and kept until the job goes. */
export interface Thumbnails {
  /** @throws Rejected if there can be none */
  find(job: Job, file: JobFile, thumbnail: JobFile, width: number): Promise<Stored | undefined>;
}

export function openThumbnails(store: Store, thumbnailer: Thumbnailer): Thumbnails {
  /** Under way, by key: many who ask at once wait for the same one. */
  const underWay = new Map<string, Promise<void>>();

  return {
    async find({ job }, { key: from }, { key: to }, width) {
      const made = await store.stat(to);
      if (made) return made;
      // The job is the sender: fifty photos of one do not delay the two of another.
      const making = underWay.get(to) ?? make({ from, to, width }, job).finally(() => underWay.delete(to));
      underWay.set(to, making);
      await making;
      return (await withdrawIfGone(store, job)) ? undefined : store.stat(to);
    },
  };

  async function make(task: ThumbnailTask, sender: string): Promise<void> {
    try {
      await thumbnailer.run(task, sender);
    } catch (error) {
      if (error instanceof Rejected) throw error;
      log('no thumbnail', { job: sender, error: explain(error) });
      throw new Busy(503, 'The small copy cannot be made at the moment. Try again in a few seconds, or leave “width” out.', 5);
    }
  }
}
