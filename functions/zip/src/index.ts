import { accessSync, constants } from 'node:fs';
import { tmpdir } from 'node:os';
import { systemClock } from '@darkroom/shared/clock';
import { readConfig } from '@darkroom/shared/config';
import { Misconfigured } from '@darkroom/shared/errors';
import { stage } from '@darkroom/shared/stage';
import { openStore } from '@darkroom/shared/store/open';
import { storeUrl } from '@darkroom/shared/store/url';
import { packer } from './packer.ts';

/** Hears every filter.finished of a job that wants an archive. */
export const { init, handle, shutdown, liveness, readiness } = stage(() => {
  const { STORE_URL } = readConfig({ STORE_URL: storeUrl });
  requireTemporaryFolder();
  return packer(openStore(STORE_URL), systemClock);
});

/** Archives are assembled on disk. It is better not to start than to leave jobs waiting for an archive until their deadline. */
function requireTemporaryFolder(): void {
  try {
    accessSync(tmpdir(), constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw new Misconfigured(
      `The temporary folder ${tmpdir()} cannot be written. Mount a writable volume there (an emptyDir on a cluster), or set TMPDIR to another folder, and start again.`,
      { cause },
    );
  }
}
