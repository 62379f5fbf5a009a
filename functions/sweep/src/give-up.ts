import type { Clock } from '@darkroom/shared/clock';
import { unknownRevision } from '@darkroom/shared/trace/current';
import { type Completion, type Job, type Rejection } from '@darkroom/shared/job';
import { countEnd } from '@darkroom/shared/job/end';
import { keys } from '@darkroom/shared/job/keys';
import type { Made, Print, Progress } from '@darkroom/shared/job/progress';
import { log } from '@darkroom/shared/log';
import { metrics } from '@darkroom/shared/metrics';
import { entriesOf, json, readJson, type Store } from '@darkroom/shared/store';
import { takeLock } from '@darkroom/shared/store/lock';
import type { JobOutcome } from '@darkroom/shared/events';
import { isPhotoToBlame } from './dead-letter.ts';

const late = {
  print: 'It could not be made in time. Send the photo again.',
  archive: 'It could not be packed in time. Download the prints one by one.',
  mail: 'The mail could not be sent in time. The prints are on the page of this job.',
  unconfirmed: 'The mail server never confirmed the mail in time. It may have arrived; the prints are on the page of this job.',
  record: 'The record of this job is damaged. Send the photos again.',
};

/** @param kind the class of the reason */
export async function refusePrint(
  store: Store,
  { job, revision }: Job,
  { photo, filter }: Print,
  { kind, reason }: { kind: 'late' | 'failing'; reason: string },
): Promise<void> {
  if (await store.writeOnce(keys.rejection(job, photo.image, filter), json({ reason } satisfies Rejection)))
    metrics.printsRejected.inc({ revision, filter, reason: kind });
}

/** Refuses the prints on which their stage fails again and again, if the photo is to blame. @returns whether there were any */
export async function refuseFailing(store: Store, accepted: Job, { prints }: Progress): Promise<boolean> {
  const { job } = accepted;
  let any = false;
  const deadLetters = await entriesOf(store, keys.deadOf(job));
  const failed = ({ photo, filter, status }: Print) =>
    status === 'pending' && deadLetters.has(keys.dead(job, photo.image, filter));
  for (const print of prints.filter(failed)) {
    if (!(await isPhotoToBlame(store, job, print))) continue;
    const reason = `The ${print.filter} filter failed on it again and again.`;
    await refusePrint(store, accepted, print, { kind: 'failing', reason });
    any = true;
  }
  return any;
}

/** Takes the next step of a job on behalf of the stage that did not get to it: what is missing then counts as refused. */
export async function giveUp(store: Store, clock: Clock, accepted: Job, progress: Progress): Promise<void> {
  const { job, revision, email } = accepted;
  const { developed, packed, anySucceeded, made, prints } = progress;
  if (!developed) {
    log('past the deadline: prints', { job });
    const pending = prints.filter(({ status }) => status === 'pending');
    for (const print of pending) await refusePrint(store, accepted, print, { kind: 'late', reason: late.print });
  } else if (!packed) {
    log('past the deadline: archive', { job });
    if (await store.writeOnce(keys.archiveRejection(job), json({ reason: late.archive } satisfies Rejection)))
      metrics.archives.inc({ revision, outcome: 'late' });
  } else {
    // Whoever is sending the mail right now may still succeed, and will say so.
    const lock = await takeLock(store, keys.mailLock(job), { clock });
    if (!lock) return;
    try {
      const reason = (await mayHaveArrived(store, job)) ? late.unconfirmed : late.mail;
      if (!(await lock.still())) return;
      log('past the deadline: mail', { job });
      const status = anySucceeded ? 'completed' : 'failed';
      await complete(
        store,
        clock,
        accepted,
        status,
        email === undefined ? { mail: 'none' } : { mail: 'failed', mailReason: reason },
        made,
      );
    } finally {
      await lock.release();
    }
  }
}

/** Whether a mail went out of which nobody knows what became, as mail.json tells. */
async function mayHaveArrived(store: Store, job: string): Promise<boolean> {
  const record = (await readJson(store, keys.mail(job))) as { unsure?: number } | undefined;
  return (record?.unsure ?? 0) > 0;
}

/** Ends a job whose record cannot be read: nothing can be made, and nobody can be told. */
export async function endCorrupt(store: Store, clock: Clock, job: string): Promise<void> {
  await complete(store, clock, { job, revision: unknownRevision }, 'failed', { mail: 'failed', mailReason: late.record }, 'none');
  await store.remove(keys.open(job));
  log('ended, since its record is damaged', { job });
}

type Ending = Pick<Job, 'job' | 'revision'> & Partial<Job>;

async function complete(
  store: Store,
  clock: Clock,
  job: Ending,
  status: JobOutcome,
  mail: Pick<Completion, 'mail' | 'mailReason'>,
  made: Made,
): Promise<void> {
  const completion: Completion = { status, completedAt: new Date(clock.now()).toISOString(), ...mail };
  if (await store.writeOnce(keys.completed(job.job), json(completion))) countEnd(job, completion, made);
}
