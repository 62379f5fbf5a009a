import type { Clock } from '@darkroom/shared/clock';
import { identify } from '@darkroom/shared/trace/current';
import { Rejected } from '@darkroom/shared/errors';
import { archiveCreated } from '@darkroom/shared/events';
import { isGone, type Job, readJob, type Rejection } from '@darkroom/shared/job';
import { keys } from '@darkroom/shared/job/keys';
import { mayBeDeveloped, type Print, readProgress } from '@darkroom/shared/job/progress';
import { withdrawIfGone } from '@darkroom/shared/job/remove';
import { log } from '@darkroom/shared/log';
import { metrics } from '@darkroom/shared/metrics';
import { json, type Store } from '@darkroom/shared/store';
import { type Lock, takeLock } from '@darkroom/shared/store/lock';
import pLimit from 'p-limit';
import { pack } from './archive.ts';

/** Archives that one process packs at a time: each lies on its disk until it is stored. */
const packedAtOnce = 4;

/** Packs the archive of a job once the last print is there. Of several deliveries that see this at once, one packs and publishes it. */
export function packer(store: Store, clock: Clock) {
  /** Not of events: one that finds the lock of a process that died waits 10 s for it, and must not keep others from packing. */
  const turns = pLimit(packedAtOnce);
  /** Jobs that this process is packing. The last prints often come together, and then each of their events finds them all there. */
  const underWay = new Map<string, Promise<boolean>>();

  return async ({ job: id }: { job: string }) => {
    const job = await readJob(store, id);
    if (!job?.archive) return undefined;
    identify(job);
    if (!(await mayBeDeveloped(store, job))) return undefined;
    const progress = await readProgress(store, job);
    if (!progress.developed) return undefined;
    const other = underWay.get(id);
    const packing = other ?? (progress.packed ? true : packOnce(job, progress.prints));
    const packed = await packing;
    if (await withdrawIfGone(store, id)) return undefined;
    // The event of the other delivery is enough.
    return packed && !other ? archiveCreated(id) : undefined;
  };

  function packOnce(job: Job, prints: Print[]): Promise<boolean> {
    const packing = packAlone(job, prints).finally(() => underWay.delete(job.job));
    underWay.set(job.job, packing);
    return packing;
  }

  /** @returns whether there now is an archive, or a reason why there is none */
  async function packAlone(job: Job, prints: Print[]): Promise<boolean> {
    const lock = await takeLock(store, keys.archiveLock(job.job), { clock });
    // Whoever holds it publishes the archive.
    if (!lock) return false;
    try {
      return await turns(() => packUnder(lock, job, prints));
    } finally {
      await lock.release();
    }
  }

  async function packUnder(lock: Lock, job: Job, prints: Print[]): Promise<boolean> {
    const { job: id, revision } = job;
    // Another may have packed it since we looked.
    if ((await store.stat(keys.archive(id))) || (await store.stat(keys.archiveRejection(id)))) return true;
    const mayStore = async () => (await lock.still()) && !(await isGone(store, id));
    try {
      return await pack(store, job, prints, lock.signal, mayStore);
    } catch (error) {
      if (lock.signal.aborted || (await isGone(store, id))) return false;
      if (!(error instanceof Rejected)) throw error;
      log('no archive', { job: id, error: error.message });
      const reason = json({ reason: error.message } satisfies Rejection);
      if (await store.writeOnce(keys.archiveRejection(id), reason)) metrics.archives.inc({ revision, outcome: 'rejected' });
      return true;
    }
  }
}
