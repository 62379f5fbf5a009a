import { explain } from '@darkroom/shared/errors';
import { archiveCreated, type Event, filterFinished, imageUploaded, jobCompleted } from '@darkroom/shared/events';
import { type Completion, type Job, readJob } from '@darkroom/shared/job';
import { keys } from '@darkroom/shared/job/keys';
import { type Progress, readProgress } from '@darkroom/shared/job/progress';
import { log } from '@darkroom/shared/log';
import { json, readJson, type Store } from '@darkroom/shared/store';

export type Emit = (event: Event) => Promise<void>;

interface Patience {
  /** A job that changed within this time is at work, and left alone. */
  idleSeconds: number;
  /** A job older than this is completed with what exists. */
  deadlineSeconds: number;
}

/** Jobs looked at side by side: each waits for the store, not for the processor. */
const side = 8;

/** Walks all open jobs, and sets each that stands still going again. A fault with one is logged, and the walk goes on. */
export async function resume(store: Store, emit: Emit, patience: Patience): Promise<void> {
  const open = store.list(keys.allOpen);
  async function walk() {
    for await (const { key } of open) {
      const id = key.slice(keys.allOpen.length);
      await resumeJob(store, emit, patience, id).catch((error: unknown) =>
        log('could not resume', { job: id, error: explain(error) }),
      );
    }
  }
  // They draw from one list, each the next job that none has yet.
  await Promise.all(Array.from({ length: side }, walk));
}

async function resumeJob(store: Store, emit: Emit, { idleSeconds, deadlineSeconds }: Patience, id: string): Promise<void> {
  const job = await readJob(store, id);
  // Deleted between its removal and that of its marker.
  if (!job) return store.remove(keys.open(id));
  const progress = await readProgress(store, job);
  const secondsSince = (time: Date) => (Date.now() - time.getTime()) / 1000;
  if (secondsSince(progress.lastChange) < idleSeconds) return;

  const late = secondsSince(new Date(job.acceptedAt)) > deadlineSeconds;
  if (late && !progress.developed) {
    await rejectPending(store, progress, job);
    return resumeJob(store, emit, { idleSeconds: 0, deadlineSeconds }, id);
  }
  const events = await missingEvents(store, job, progress);
  for (const event of events) await emit(event);
  if (progress.completed) await store.remove(keys.open(id));
  log('resumed', { job: id, emitted: events.map(({ type }) => type.split('.').slice(2).join('.')).join(',') });
}

/** What would have been emitted if nothing had got lost, from the first step that is not done. */
async function missingEvents(store: Store, job: Job, progress: Progress): Promise<Event[]> {
  if (progress.completed) {
    const ended = (await readJson(store, keys.completed(job.job))) as Completion;
    return [jobCompleted(job.job, ended.status)];
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

async function rejectPending(store: Store, { prints }: Progress, { job }: Job): Promise<void> {
  for (const { photo, filter, status } of prints) {
    if (status !== 'pending') continue;
    await store.writeOnce(
      keys.rejection(job, photo.image, filter),
      json({ reason: 'It could not be made in time. Send the photo again.' }),
    );
  }
}
