import { eventType, filterFinished } from '@darkroom/shared/events';
import { keys, readJob, readProgress } from '@darkroom/shared/job';
import { log } from '@darkroom/shared/log';
import { json, type Store } from '@darkroom/shared/store';
import type { DeadLetter } from './call.ts';
import type { Emit } from './resume.ts';

/**
 * Turns a photo that a filter could not take, however often it was tried, into a rejected print, so that the person hears of it.
 * Archive and mail are not given up like that: their job stays open, and is resumed until they succeed.
 */
export async function bury(store: Store, emit: Emit, { type, job: id, image, destination, code }: DeadLetter): Promise<void> {
  log('dead letter', { job: id, image, type, destination, code });
  if (type !== eventType.imageUploaded || image === undefined) return;
  const job = await readJob(store, id);
  if (!job) return;
  const { prints } = await readProgress(store, job);
  const filter = filterAt(destination, job.filters);
  const print = prints.find(
    (candidate) => candidate.photo.image === image && candidate.filter === filter && candidate.status === 'pending',
  );
  if (!print) return;
  const reason = `The ${print.filter} stage failed on it several times.`;
  await store.writeOnce(keys.rejection(id, image, print.filter), json({ reason }));
  await emit(filterFinished(job, image, print.filter, 'rejected'));
}

/** A filter's Service bears its name, so the host of the subscriber tells which: http://sepia.darkroom.svc.cluster.local */
function filterAt(destination: string | undefined, filters: string[]): string | undefined {
  if (destination === undefined || !URL.canParse(destination)) return undefined;
  const [service] = new URL(destination).hostname.split('.');
  return filters.find((filter) => filter === service);
}
