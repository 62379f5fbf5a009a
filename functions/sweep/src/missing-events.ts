import { archiveCreated, type DarkroomEvent, filterFinished, imageUploaded, jobCompleted } from '@darkroom/shared/events';
import type { Completion, Job } from '@darkroom/shared/job';
import { keys } from '@darkroom/shared/job/keys';
import type { Progress } from '@darkroom/shared/job/progress';
import { readJson, type Store } from '@darkroom/shared/store';

/** What would have been emitted if nothing had been lost, from the first step that is not done. */
export async function missingEvents(store: Store, job: Job, progress: Progress): Promise<DarkroomEvent[]> {
  if (progress.completed) {
    const end = (await readJson(store, keys.completed(job.job))) as Completion | undefined;
    return end ? [jobCompleted(job, end.status)] : [];
  }
  if (!progress.developed) {
    return job.images.flatMap(({ image }) => {
      const filters = progress.prints
        .filter((print) => print.photo.image === image && print.status === 'pending')
        .map((print) => print.filter);
      return filters.length === 0 ? [] : [imageUploaded({ ...job, filters }, image)];
    });
  }
  if (job.archive && progress.packed) return [archiveCreated(job.job)];
  const last = progress.prints.at(-1);
  return last ? [filterFinished(job, last.photo.image, last.filter, last.status === 'rejected' ? 'rejected' : 'succeeded')] : [];
}
