import { readConfig, url } from '@darkroom/shared/config';
import { archiveCreated } from '@darkroom/shared/events';
import { readJob } from '@darkroom/shared/job';
import { keys } from '@darkroom/shared/job/keys';
import { readProgress } from '@darkroom/shared/job/progress';
import { stage } from '@darkroom/shared/stage';
import { json } from '@darkroom/shared/store';
import { openStore } from '@darkroom/shared/store/open';
import { pack } from './archive.ts';

/**
 * Hears every filter.finished of a job that wants an archive, and packs it when the last print is there. Several may see
 * "all there" at once; the store lets one archive win, and all announce it.
 */
export const { init, handle, shutdown, liveness, readiness } = stage(() => {
  const { STORE_URL } = readConfig({ STORE_URL: url('file:', 's3:') });
  const store = openStore(STORE_URL);

  return async ({ job: id }) => {
    const job = await readJob(store, id);
    if (!job?.archive) return undefined;
    const progress = await readProgress(store, job);
    if (!progress.developed) return undefined;
    if (!progress.packed) {
      const reason = await pack(store, job, progress.prints);
      if (reason) await store.writeOnce(keys.archiveRejection(id), json({ reason }));
    }
    return archiveCreated(id);
  };
});
