import { systemClock } from '@darkroom/shared/clock';
import { readConfig } from '@darkroom/shared/config';
import { stage } from '@darkroom/shared/stage';
import { openStore } from '@darkroom/shared/store/open';
import { storeUrl } from '@darkroom/shared/store/url';
import { prepareTemporaryFolder } from '@darkroom/shared/temporary-folder';
import { archivePurpose } from './archive.ts';
import { packer } from './packer.ts';

/** Hears every filter.finished of a job that wants an archive. */
export const { init, handle, shutdown, liveness, readiness } = stage(() => {
  const { STORE_URL } = readConfig({ STORE_URL: storeUrl });
  // Better no start than jobs that wait for an archive until their deadline.
  prepareTemporaryFolder(archivePurpose, 'Archives cannot be packed');
  return packer(openStore(STORE_URL), systemClock);
});
