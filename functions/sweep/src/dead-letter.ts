import { type DeadLetter, stagesFor, unknownStage } from '@darkroom/shared/job/dead-letter';
import { redacted } from '@darkroom/shared/errors';
import { CorruptJob, type Job, readJob } from '@darkroom/shared/job';
import { keys } from '@darkroom/shared/job/keys';
import { type Print, readProgress } from '@darkroom/shared/job/progress';
import { withdrawIfGone } from '@darkroom/shared/job/remove';
import { identify } from '@darkroom/shared/trace/current';
import { log } from '@darkroom/shared/log';
import { metrics } from '@darkroom/shared/metrics';
import { entriesOf, json, readJson, type Store } from '@darkroom/shared/store';
import { readStoreTime } from './store-time.ts';
import type { FailedEvent } from './task.ts';
import { readWatch } from './watch.ts';

/** The most dead letters kept per job for stages other than its own, which somebody has added. */
const mostOfOthers = 20;
/** Rounds kept per dead letter: more than are needed to decide. */
const keptRounds = 10;
/** Characters. */
const longestReason = 300;

/**
 * Records an event that exhausted its retries, so that an operator can see and resend it. However often it comes between two of sweep's
 * looks, it counts once. The fate of the print is decided only when sweep looks at the job itself: anyone who can reach this port can
 * claim that something failed.
 */
export async function recordDeadLetter(store: Store, failed: FailedEvent): Promise<void> {
  const { job: id, image, type, code, reason, attributes } = failed;
  const job = await readJob(store, id).catch((error: unknown) => {
    if (!(error instanceof CorruptJob)) throw error;
  });
  if (job) identify(job);
  const stage = failed.stage ?? (job && (await stageByJob(store, job, failed))) ?? unknownStage;
  const key = keys.dead(id, image, stage);
  if (!job || !(await concerns(store, job, { image, stage, key })))
    return log('dead letter of nothing', { job: id, image, stage });

  const { looks } = await readWatch(store, id);
  const { count = 0, rounds = [] } = ((await readJson(store, key)) as DeadLetter | undefined) ?? {};
  if (rounds.at(-1)?.look === looks) return;
  const made = await lastMade(store, stage);
  rounds.push({
    look: looks,
    at: (await readStoreTime(store)).now,
    ...(isExcused(failed) && { excused: true }),
    ...(made !== undefined && { made }),
  });
  const deadLetter: DeadLetter = {
    event: attributes,
    stage,
    ...(code && { code }),
    // What a mail server tells notify quotes the address, in whatever words.
    ...(reason && stage !== 'notify' && { reason: redacted(reason).slice(0, longestReason) }),
    count: count + 1,
    at: new Date(rounds.at(-1)!.at).toISOString(),
    rounds: rounds.slice(-keptRounds),
  };
  await store.write(key, json(deadLetter));
  if (await withdrawIfGone(store, id)) return;
  const known = [...job.filters, 'zip', 'notify'].includes(stage) ? stage : unknownStage;
  metrics.deadLetters.inc({ revision: job.revision, stage: known });
  log('dead letter', { job: id, image, type, stage, code, count: deadLetter.count });
}

/** The stage of which an event can have come, where the broker does not say: the only one that it is meant for, or that has not done its part. */
async function stageByJob(store: Store, job: Job, { image, attributes }: FailedEvent): Promise<string | undefined> {
  const meant = stagesFor(job, attributes);
  if (meant.length < 2) return meant[0];
  const { prints } = await readProgress(store, job);
  const pending = prints.filter(
    ({ photo, filter, status }) => photo.image === image && meant.includes(filter) && status === 'pending',
  );
  return pending.length === 1 ? pending[0]!.filter : undefined;
}

/** What a stage or the platform answers when the machine is at fault, or there was no time. */
const codesOfTheMachine = ['503', '504'];

/** Nothing that a photo can be blamed for, unless the stage itself answered, and did not blame the machine. */
function isExcused({ stage, code }: FailedEvent): boolean {
  return stage === undefined || code === undefined || codesOfTheMachine.includes(code);
}

/** Whether the job has such a photo and such a stage. There may be other stages than its own, but only so many. */
async function concerns(
  store: Store,
  job: Job,
  { image, stage, key }: { image: string | undefined; stage: string; key: string },
) {
  if (image !== undefined && !job.images.some((photo) => photo.image === image)) return false;
  if ([...job.filters, 'zip', 'notify'].includes(stage)) return true;
  const kept = await entriesOf(store, keys.deadOf(job.job));
  return kept.has(key) || kept.size < job.images.length * job.filters.length + mostOfOthers;
}

/** When a stage made a print, to ten seconds, in milliseconds. */
async function lastMade(store: Store, stage: string): Promise<number | undefined> {
  return (await entriesOf(store, keys.made(stage))).get(keys.made(stage))?.modified.getTime();
}

/** How often a stage must have failed on a photo while it made prints of others in between. */
const healthyFailures = 2;

/**
 * Whether the photo itself is to blame that its print cannot be made: between its failures, the same stage twice made prints of other
 * photos. Otherwise the machine may be at fault, say because of a full disk, and sweep keeps waiting for the print.
 */
export async function isPhotoToBlame(store: Store, job: string, print: Print): Promise<boolean> {
  const deadLetter = (await readJson(store, keys.dead(job, print.photo.image, print.filter))) as DeadLetter | undefined;
  const failures = deadLetter?.rounds?.filter(({ excused }) => !excused) ?? [];
  const healthy = failures.filter(({ at, made }, index) => {
    const before = failures[index - 1];
    return before !== undefined && made !== undefined && before.at < made && made < at;
  });
  return healthy.length >= healthyFailures;
}
