import type { ImageLimits } from '@darkroom/shared/image/limits';
import type { Photo } from '@darkroom/shared/job';
import { photoWorkers } from '@darkroom/shared/image/workers';
import type { WorkerPool } from '@darkroom/shared/worker/pool';

/** What the header of a photo says, as far as ingest asks. */
type Inspection = Pick<Photo, 'type' | 'width' | 'height'>;

/** Inspects the photo at a path by its header; rejects with what is wrong with it. */
export type Inspector = WorkerPool<string, Inspection>;

/** A header takes a millisecond, so that one process is enough; and nobody waits for long behind a file that makes it hang. */
const [processes, seconds] = [1, 5];

/** Headers are read by native code, so in processes of their own: a file that kills one cuts off nobody's upload. */
export function openInspector(): Inspector {
  const inspector: Inspector = photoWorkers(processes, seconds);
  inspector.warm();
  return inspector;
}

/** The life of such a process. */
export async function inspectPhotos(limits: ImageLimits): Promise<void> {
  const [{ inspect }, { work }] = await Promise.all([
    import('@darkroom/shared/image/inspect'),
    import('@darkroom/shared/worker/worker'),
    import('@darkroom/shared/image/libvips'),
  ]);
  work(async (path: string): Promise<Inspection> => {
    const { type, width, height } = await inspect(path, limits);
    return { type, width, height };
  });
}
