import type { Clock } from '@darkroom/shared/clock';
import { currentWork, identify, workingOn } from '@darkroom/shared/trace/current';
import { explain } from '@darkroom/shared/errors';
import type { DarkroomEvent } from '@darkroom/shared/events';
import { CorruptJob, isGone, type Job, readJob } from '@darkroom/shared/job';
import { keys } from '@darkroom/shared/job/keys';
import { type Print, type Progress, readProgress } from '@darkroom/shared/job/progress';
import { removeParts, withdrawIfGone } from '@darkroom/shared/job/remove';
import { log } from '@darkroom/shared/log';
import { metrics } from '@darkroom/shared/metrics';
import { entriesOf, type Entry, type Store } from '@darkroom/shared/store';
import { lockLease } from '@darkroom/shared/store/lock';
import { traced } from '@darkroom/shared/trace';
import { isPhotoToBlame, type PrintTimes, printTimes } from './dead-letter.ts';
import { endCorrupt, giveUp, refusePrint } from './give-up.ts';
import { missingEvents } from './missing-events.ts';
import { readStoreTime } from './store-time.ts';
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

/** The most resumed jobs under way at a time. More would only delay new ones in the broker's queues. */
const underWay = 16;
/**
 * Milliseconds. How long to wait for a resumed job before the next takes its place: while most move on, what does not has a trouble of its
 * own; while most do not, they wait in a queue that must not be made longer.
 */
const shortWait = 5000;
const longWait = 15_000;
/** Milliseconds until the first look at a resumed job; the next ones come ever later, up to the last. */
const firstLook = 250;
const lastLook = 2000;
/** Milliseconds. Jobs that are left after this time wait for the next ping. */
const longest = 50_000;

/** Looks at all open jobs, and resumes each that stands still. A fault in one is logged, and the others continue. */
export async function resume({ store, emit, clock }: Resumption, { idleSeconds, deadlineSeconds }: ResumeOptions): Promise<void> {
  const time = await readStoreTime(store);
  const due: Entry[] = [];
  const open = countOpen(clock);
  for await (const entry of store.list(keys.allOpen)) {
    open.count(time.since(entry.modified));
    if (time.since(entry.modified) >= idleSeconds * 1000) due.push(entry);
  }
  // Concurrent sweeps begin at different places, so that they share the work rather than repeat it.
  shuffle(due);
  const pausing: Entry[] = [];
  const ended = new AbortController();
  const over = new AbortController();
  clock.sleep(longest, ended.signal).then(
    () => over.abort(),
    () => undefined,
  );
  const printsOf = printTimes(store);

  /** @returns whether of those that were resumed more moved on than did not */
  async function walk(entries: Entry[], isPausing: boolean): Promise<boolean> {
    let moved = 0;
    let stuck = 0;
    const isBlocked = () => stuck > moved;
    async function takeTurns() {
      for (let entry = entries.pop(); entry && !over.signal.aborted; entry = entries.pop()) {
        const id = entry.key.slice(keys.allOpen.length);
        try {
          const settled = await workingOn({ job: id }, () => resumeJob(id, entry, isPausing));
          const isAnyoneWaiting = entries.length > 0 || (!isPausing && pausing.length > 0);
          if (settled === undefined || !isAnyoneWaiting) continue;
          if (await movesOn(id, settled, isBlocked)) moved += 1;
          else stuck += 1;
        } catch (error) {
          log('could not resume', { job: id, error: explain(error) });
        }
        if (isPausing && isBlocked()) break;
      }
    }
    await Promise.all(Array.from({ length: underWay }, takeTurns));
    return moved > stuck;
  }

  try {
    // Where those whose turn it was moved on at once, no queue is left and an outage is over: nobody needs to wait any longer.
    if (await walk(due, false)) await walk(pausing, true);
  } finally {
    ended.abort();
    open.show();
  }

  /** @returns how many of its parts are done, if it is to move on from there */
  async function resumeJob(id: string, entry: Entry, isPausing: boolean): Promise<number | undefined> {
    const watch = await readWatch(store, id);
    if (watch.acceptedAt !== undefined) open.age(clock.now() - Date.parse(watch.acceptedAt));
    if (!isPausing && time.since(entry.modified) < pauseAfter(watch.rounds, idleSeconds)) {
      pausing.push(entry);
      return undefined;
    }
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
    else if (!(await refuseFailing(store, job, progress, printsOf))) return progress;
    return readProgress(store, job);
  }

  async function movesOn(id: string, settled: number, isBlocked: () => boolean): Promise<boolean> {
    let waited = 0;
    for (let pause = firstLook; waited < (isBlocked() ? longWait : shortWait); pause = Math.min(2 * pause, lastLook)) {
      if (over.signal.aborted) return false;
      await clock.sleep(pause);
      waited += pause;
      const job = await readJob(store, id);
      if (!job || (await readProgress(store, job)).settled !== settled) return true;
    }
    return false;
  }
}

/** @returns whether there were any */
async function refuseFailing(store: Store, accepted: Job, { prints }: Progress, printsOf: PrintTimes): Promise<boolean> {
  const { job } = accepted;
  let any = false;
  const deadLetters = await entriesOf(store, keys.deadOf(job));
  const failed = ({ photo, filter, status }: Print) =>
    status === 'pending' && deadLetters.has(keys.dead(job, photo.image, filter));
  for (const print of prints.filter(failed)) {
    if (!(await isPhotoToBlame(store, job, print, printsOf))) continue;
    const reason = `The ${print.filter} filter failed on it again and again.`;
    await refusePrint(store, accepted, print, { kind: 'failing', reason });
    any = true;
  }
  return any;
}

/** How many jobs are open, and how old the oldest is. */
function countOpen(clock: Clock) {
  let jobs = 0;
  let oldest = 0;
  const age = (milliseconds: number) => {
    if (Number.isFinite(milliseconds)) oldest = Math.max(oldest, milliseconds);
  };
  return {
    /** @param milliseconds since its marker was written: at first by ingest, then by sweep */
    count(milliseconds: number) {
      jobs += 1;
      age(milliseconds);
    },
    /** @param milliseconds since it was accepted */
    age,
    show() {
      metrics.openJobs.set(jobs);
      metrics.oldestJob.set(oldest / 1000);
      metrics.lastLook.set(clock.now() / 1000);
    },
  };
}

function shuffle(entries: Entry[]): void {
  for (let last = entries.length - 1; last > 0; last -= 1) {
    const other = Math.floor(Math.random() * (last + 1));
    [entries[last], entries[other]] = [entries[other]!, entries[last]!];
  }
}
