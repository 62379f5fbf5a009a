import type { ImageLimits } from '@darkroom/shared/image/limits';
import type { Photo } from '@darkroom/shared/job';
import { type WorkerPool, workerPool } from '@darkroom/shared/worker/pool';

/** What the header of a photo says, as far as ingest asks. */
export type Inspection = Pick<Photo, 'type' | 'width' | 'height' | 'pictures'>;

/** Inspects the photo at a path by its header; rejects with what is wrong with it. */
export type Inspector = WorkerPool<string, Inspection>;

/** A header takes a millisecond. There are two processes, so that one file which takes a second holds nobody up. */
const processes = 2;
const bounds = { seconds: 1, bytes: 400 * 1024 * 1024, stuckSeconds: 5 };

/** Headers are read by native code, so in processes of their own: a file that kills one cuts off nobody's upload. */
export function openInspector(): Inspector {
  const inspector: Inspector = workerPool(processes, bounds);
  inspector.warm();
  return inspector;
}

/** What such a process does with each photo. Only now is the native code loaded. */
export async function loadInspection(limits: ImageLimits): Promise<(path: string) => Promise<Inspection>> {
  const [{ inspect }] = await Promise.all([import('@darkroom/shared/image/inspect'), import('@darkroom/shared/image/libvips')]);
  return async (path) => {
    const { type, width, height, pictures } = await inspect(path, limits);
    return { type, width, height, ...(pictures > 1 && { pictures }) };
  };
}
