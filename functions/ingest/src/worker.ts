import { work } from '@darkroom/shared/worker/worker';
import { loadThumbnails, type ThumbnailTask } from './jobs/thumbnails.ts';
import type { Settings } from './settings.ts';
import { type Inspection, loadInspection } from './upload/inspector.ts';

/** The life of a process that reads pictures: it inspects photos, by their paths, or makes thumbnails, by their keys. */
export async function workFor(settings: Settings): Promise<void> {
  const [inspect, makeThumbnail] = await Promise.all([loadInspection(settings), loadThumbnails(settings)]);
  work<string | ThumbnailTask, Inspection | void>(
    async (task, compute) => (typeof task === 'string' ? inspect(task) : makeThumbnail(task, compute)),
    settings.HEIC,
  );
}
