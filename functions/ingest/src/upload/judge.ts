import type { ImageLimits } from '@darkroom/shared/image/limits';
import type { Photo } from '@darkroom/shared/job';
import { type WorkerPool, workerPool } from '@darkroom/shared/worker/pool';

/** What the header of a photo says, as far as ingest asks. */
type Judgement = Pick<Photo, 'type' | 'width' | 'height'>;

/** Judges the photo at a path by its header; rejects with what is wrong with it. */
export type Judge = WorkerPool<string, Judgement>;

/** A header takes a millisecond. There are two processes, so that one file which takes a second holds nobody up. */
const processes = 2;
const bounds = { seconds: 1, bytes: 400 * 1024 * 1024, stuckSeconds: 5 };

/** Headers are read by native code, so in processes of their own: a file that kills one cuts off nobody's upload. */
export function openJudge(): Judge {
  const judge: Judge = workerPool(processes, bounds);
  judge.warm();
  return judge;
}

/** The life of such a process. */
export async function judgePhotos(limits: ImageLimits): Promise<void> {
  const [{ inspect }, { work }] = await Promise.all([
    import('@darkroom/shared/image/inspect'),
    import('@darkroom/shared/worker/worker'),
    import('@darkroom/shared/image/libvips'),
  ]);
  work(async (path: string): Promise<Judgement> => {
    const { type, width, height } = await inspect(path, limits);
    return { type, width, height };
  });
}
