import { explain } from '@darkroom/shared/errors';
import { readJob } from '@darkroom/shared/job';
import { keys } from '@darkroom/shared/job/keys';
import { readProgress } from '@darkroom/shared/job/progress';
import { log } from '@darkroom/shared/log';
import type { Entry } from '@darkroom/shared/store';
import { workingOn } from '@darkroom/shared/trace/current';
import { countOpenJobs } from './open-jobs.ts';
import { jobResumer, type ResumeOptions, type Resumption } from './resume-job.ts';
import { readStoreTime } from './store-time.ts';

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
/** How many a look comes to, even if not one of them moves on. */
const fewest = underWay * Math.floor(longest / longWait);

/**
 * Looks at the open jobs, and resumes each that stands still. A fault in one is logged, and the others continue. Where there are more than
 * fit into one look, the next goes on where this one was, whichever process it comes to: those that were looked at longest ago come first.
 */
export async function resume(resumption: Resumption, options: ResumeOptions): Promise<void> {
  const { store, clock } = resumption;
  const time = await readStoreTime(store);
  const due: Entry[] = [];
  const open = countOpenJobs(clock);
  for await (const entry of store.list(keys.allOpen)) {
    open.count(time.since(entry.modified));
    if (time.since(entry.modified) >= options.idleSeconds * 1000) due.push(entry);
  }
  const turns = inTurn(due);
  const pausing: Entry[] = [];
  const ended = new AbortController();
  const over = new AbortController();
  clock.sleep(longest, ended.signal).then(
    () => over.abort(),
    () => undefined,
  );
  const resumeJob = jobResumer(resumption, options, time, open);

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
          if (settled === 'pausing') pausing.push(entry);
          const isAnyoneWaiting = entries.length > 0 || (!isPausing && pausing.length > 0);
          if (typeof settled !== 'number' || !isAnyoneWaiting) continue;
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
    if (await walk(turns, false)) await walk(inTurn(pausing), true);
  } finally {
    ended.abort();
    open.show();
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

/**
 * Those whose marker was written longest ago are the last, and taken first: by ingest, or by the last look at them. Of as many as one look comes to,
 * any may be first: so concurrent sweeps begin at different places, and share the work rather than repeat it.
 */
function inTurn(entries: readonly Entry[]): Entry[] {
  const oldestFirst = entries.toSorted((one, other) => one.modified.getTime() - other.modified.getTime());
  const turns: Entry[] = [];
  for (let begin = 0; begin < oldestFirst.length; begin += fewest)
    turns.push(...shuffled(oldestFirst.slice(begin, begin + fewest)));
  return turns.toReversed();
}

function shuffled(entries: Entry[]): Entry[] {
  for (let last = entries.length - 1; last > 0; last -= 1) {
    const other = Math.floor(Math.random() * (last + 1));
    [entries[last], entries[other]] = [entries[other]!, entries[last]!];
  }
  return entries;
}
