import type { Clock } from '@darkroom/shared/clock';
import { explain } from '@darkroom/shared/errors';
import type { DarkroomEvent } from '@darkroom/shared/events';
import { CorruptJob, isGone, type Job, readJob } from '@darkroom/shared/job';
import { keys } from '@darkroom/shared/job/keys';
import { type Progress, readProgress } from '@darkroom/shared/job/progress';
import { removeParts, withdrawIfGone } from '@darkroom/shared/job/remove';
import { log } from '@darkroom/shared/log';
import type { Entry, Store } from '@darkroom/shared/store';
import { lockLease } from '@darkroom/shared/store/lock';
import { printTimes } from './dead-letter.ts';
import { endCorrupt, giveUp, refuseFailing } from './give-up.ts';
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
  for await (const entry of store.list(keys.allOpen)) if (time.since(entry.modified) >= idleSeconds * 1000) due.push(entry);
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
          const settled = await resumeJob(id, entry, isPausing);
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
  }

  /** @returns how many of its parts are done, if it is to move on from there */
  async function resumeJob(id: string, entry: Entry, isPausing: boolean): Promise<number | undefined> {
    const watch = await readWatch(store, id);
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
    for (const event of events) await emit(event);
    if (events.length > 0)
      log('resumed', { job: id, emitted: events.map(({ type }) => type.split('.').slice(2).join('.')).join(',') });
    if (!current.completed) return current.settled;
    await store.remove(keys.open(id));
    return undefined;
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

function shuffle(entries: Entry[]): void {
  for (let last = entries.length - 1; last > 0; last -= 1) {
    const other = Math.floor(Math.random() * (last + 1));
    [entries[last], entries[other]] = [entries[other]!, entries[last]!];
  }
}
