import { readConfig, url } from './config.ts';
import { Rejected } from './errors.ts';
import { filterFinished, type Outcome } from './events.ts';
import { decode, encode, type Image } from './image.ts';
import { type Job, keys, type Photo, readJob } from './job.ts';
import { limits } from './limits.ts';
import { openStore, json, readBytes, type Store } from './store.ts';
import { printType } from './formats.ts';
import { type Stage, stage } from './stage.ts';

/** Changes an image in place, or answers a new one. Called once per frame. */
export type Apply = (image: Image) => void | Image | Promise<void | Image>;

const settings = {
  STORE_URL: url('file:', 's3:'),
  MAX_PIXELS: limits.MAX_PIXELS,
  MAX_FRAMES: limits.MAX_FRAMES,
};

/**
 * A whole filter stage out of its pixels: listens for image.uploaded, stores the print, answers filter.finished.
 * @param name lower-case letters and digits; the Trigger filters on it, and it names the prints
 * @param grey every pixel that `apply` leaves has equal red, green and blue
 */
export function filter(name: string, apply: Apply, { grey = false } = {}): Stage {
  return stage(() => {
    const { STORE_URL, ...imageLimits } = readConfig(settings);
    const store = openStore(STORE_URL);

    async function develop(job: Job, photo: Photo): Promise<Outcome> {
      const original = await readBytes(store, keys.original(job.job, photo));
      if (!original) throw new Error(`The original of image ${photo.image} is not in the store`);
      const type = printType(photo.type, job.options.format);
      const { quality } = job.options;
      try {
        const picture = await decode(original, imageLimits);
        for (const [index, frame] of picture.frames.entries()) picture.frames[index] = (await apply(frame)) ?? frame;
        const print = await encode(picture, { type, grey, ...(quality !== undefined && { quality }) });
        await store.writeOnce(keys.print(job, photo, name), print);
        return 'succeeded';
      } catch (error) {
        if (!(error instanceof Rejected)) throw error;
        await store.writeOnce(keys.rejection(job.job, photo.image, name), json({ reason: error.message }));
        return 'rejected';
      }
    }

    return async ({ job: id, image }) => {
      const job = await readJob(store, id);
      const photo = job?.images.find((candidate) => candidate.image === image);
      // A job that was deleted, or one that never asked for this filter: nothing to do, and no reason to be asked again.
      if (!job || !photo || !job.filters.includes(name)) return undefined;
      const outcome = (await outcomeOf(store, job, photo, name)) ?? (await develop(job, photo));
      return filterFinished(job, photo.image, name, outcome);
    };
  });
}

/** What an earlier delivery of the same event came to, if there was one. */
async function outcomeOf(store: Store, job: Job, photo: Photo, name: string): Promise<Outcome | undefined> {
  if (await store.stat(keys.print(job, photo, name))) return 'succeeded';
  if (await store.stat(keys.rejection(job.job, photo.image, name))) return 'rejected';
  return undefined;
}
