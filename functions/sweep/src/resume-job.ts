import type { Clock } from '@darkroom/shared/clock';
import type { DarkroomEvent } from '@darkroom/shared/events';
import { CorruptJob, isGone, type Job, readJob } from '@darkroom/shared/job';
import { keys } from '@darkroom/shared/job/keys';
import { type Progress, readProgress } from '@darkroom/shared/job/progress';
import { removeParts, withdrawIfGone } from '@darkroom/shared/job/remove';
import { log } from '@darkroom/shared/log';
import { metrics } from '@darkroom/shared/metrics';
import type { Entry, Store } from '@darkroom/shared/store';
import { lockLease } from '@darkroom/shared/store/lock';
import { traced } from '@darkroom/shared/trace';
import { currentWork, identify } from '@darkroom/shared/trace/current';
import { endCorrupt, giveUp, refuseFailing } from './give-up.ts';
import { missingEvents } from './missing-events.ts';
import type { OpenJobs } from './open-jobs.ts';
import type { StoreTime } from './store-time.ts';
import { nextWatch, pauseAfter, readWatch, writeWatch } from './watch.ts';

export type Emit = (event: DarkroomEvent) => Promise<void>;

export interface ResumeOptions {
  /** A job that made progress within this time is being worked on, and is left alone. */
  idleSeconds: number;
  /** A job that has stood still for longer than this is ended with what exists. */
  deadlineSeconds: number;
}

export interface Resumption {
  store: Store;
  emit: Emit;
  clock: Clock;
}

/**
 * Looks at one open job, and emits again what it lacks.
 * @returns how many of its parts are done, if it is to move on from there; 'pausing' if it is not yet its turn, unless that is ignored
 */
export type ResumeJob = (id: string, entry: Entry, ignorePause: boolean) => Promise<number | 'pausing' | undefined>;

/** @param time of the store, when the sweep began */
export function jobResumer(
  { store, emit, clock }: Resumption,
  { idleSeconds, deadlineSeconds }: ResumeOptions,
  time: StoreTime,
  open: Pick<OpenJobs, 'age'>,
): ResumeJob {
  return resumeJob;

  async function resumeJob(id: string, entry: Entry, ignorePause: boolean): Promise<number | 'pausing' | undefined> {
    const watch = await readWatch(store, id);
    if (watch.acceptedAt !== undefined) open.age(clock.now() - Date.parse(watch.acceptedAt));
    if (!ignorePause && time.since(entry.modified) < pauseAfter(watch.rounds, idleSeconds)) return 'pausing';
    // It has ended meanwhile, or another sweep has looked at it.
    if (!(await isUnchanged(entry))) return undefined;
    const job = await readJob(store, id).catch((error: unknown) => {
      if (!(error instanceof CorruptJob)) throw error;
      return error;
    });
    if (job instanceof CorruptJob) {
      await endCorrupt(store, clock, id);
      return undefined;
    }
    // Deleted, or never accepted.
    if (!job) {
      await ((await isGone(store, id)) ? removeParts(store, id) : store.remove(keys.open(id)));
      return undefined;
    }
    identify(job);
    const progress = await readProgress(store, job);
    if (!progress.completed && time.since(progress.lastProgress) < idleSeconds * 1000) return undefined;
    const next = nextWatch(watch, progress, time, entry, idleSeconds);
    const late = next.idleSeconds > deadlineSeconds;
    const current = await settle(job, progress, late);
    // Before anything is emitted, so that a failure here is not retried at once.
    if (!current.completed) await writeWatch(store, id, { ...next, ...(late && { rounds: 1 }), settled: current.settled });
    if (await withdrawIfGone(store, id)) return undefined;
    const atWork = !late && !current.completed && current.lastSign !== undefined && time.since(current.lastSign) < lockLease;
    const events = atWork ? [] : await missingEvents(store, job, current);
    if (events.length > 0) await emitAgain(job, events);
    if (!current.completed) return current.settled;
    await store.remove(keys.open(id));
    return undefined;
  }

  /** In S3, a marker that is looked at by itself has whole seconds. */
  async function isUnchanged({ key, modified }: Entry): Promise<boolean> {
    const marker = await store.stat(key);
    return marker !== undefined && marker.modified.getTime() - modified.getTime() < 1000;
  }

  /** In the trace of the job, whenever that began. */
  async function emitAgain({ job, revision, traceparent: parent }: Job, events: DarkroomEvent[]): Promise<void> {
    const emitted = events.map(({ type }) => type.split('.').slice(2).join('.')).join(',');
    const attributes = { 'darkroom.job': job, 'darkroom.revision': revision, 'darkroom.emitted': emitted };
    await traced('resume', { parent, link: currentWork().span?.traceparent, attributes }, async () => {
      for (const event of events) await emit(event);
      log('resumed', { job, emitted });
    });
    metrics.resumptions.inc({ revision });
  }

  /** Refuses what will not be made. */
  async function settle(job: Job, progress: Progress, late: boolean): Promise<Progress> {
    if (progress.completed) return progress;
    if (late) await giveUp(store, clock, job, progress);
    else if (!(await refuseFailing(store, job, progress))) return progress;
    return readProgress(store, job);
  }
}
