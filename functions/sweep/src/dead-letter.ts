import type { DeadLetter } from '@darkroom/shared/job/dead-letter';
import { eventType, filterFinished } from '@darkroom/shared/events';
import { readJob } from '@darkroom/shared/job';
import { keys } from '@darkroom/shared/job/keys';
import { readProgress } from '@darkroom/shared/job/progress';
import { log } from '@darkroom/shared/log';
import { json, readJson, type Store } from '@darkroom/shared/store';
import type { Letter } from './call.ts';
import type { Emit } from './resume.ts';

/**
 * How often a photo may come back as a dead letter before its print is given up. One round of retries ends within half a minute,
 * which an outage of the store or the platform easily outlasts; the second and third begin when sweep finds the job idle.
 */
const rounds = 3;

/**
 * Records a dead letter, so that an operator sees it. A photo that a filter could not take in all of its rounds becomes a rejected print,
 * and the person hears of it. Archive and mail are not given up like that: their job stays open, and is resumed until its deadline.
 */
export async function bury(
  store: Store,
  emit: Emit,
  { type, job: id, image, stage, code, reason, attributes }: Letter,
): Promise<void> {
  const key = keys.dead(id, image, stage);
  const earlier = (await readJson(store, key)) as DeadLetter | undefined;
  const count = (earlier?.count ?? 0) + 1;
  const letter: DeadLetter = {
    event: attributes,
    stage,
    ...(code && { code }),
    ...(reason && { reason }),
    count,
    at: new Date().toISOString(),
  };
  await store.write(key, json(letter));
  log('dead letter', { job: id, image, type, stage, code, reason, count });

  if (type !== eventType.imageUploaded || count < rounds) return;
  const job = await readJob(store, id);
  if (!job) return;
  const { prints } = await readProgress(store, job);
  const print = prints.find(
    (candidate) => candidate.photo.image === image && candidate.filter === stage && candidate.status === 'pending',
  );
  if (!print) return;
  await store.writeOnce(
    keys.rejection(id, print.photo.image, stage),
    json({ reason: `The ${stage} stage failed on it again and again.` }),
  );
  await emit(filterFinished(job, print.photo.image, stage, 'rejected'));
}
