import { removeJob } from '@darkroom/shared/job';
import { keys } from '@darkroom/shared/job/keys';
import { log } from '@darkroom/shared/log';
import type { Store } from '@darkroom/shared/store';

/**
 * Removes every job whose newest part is older than its retention. That also finds what an upload left that broke off halfway:
 * photos without a job.json.
 */
export async function expire(store: Store, retentionSeconds: number): Promise<void> {
  const before = Date.now() - retentionSeconds * 1000;
  for (const prefix of [keys.allDead, keys.allClaims]) {
    for await (const { key, modified } of store.list(prefix)) if (modified.getTime() < before) await store.remove(key);
  }
  const newest = new Map<string, number>();
  for await (const { key, modified } of store.list('jobs/')) {
    const id = key.split('/')[1]!;
    newest.set(id, Math.max(newest.get(id) ?? 0, modified.getTime()));
  }
  for (const [job, time] of newest) {
    if (time >= before) continue;
    await removeJob(store, job);
    log('expired', { job });
  }
}
