import type { Clock } from '@darkroom/shared/clock';

const attempts = 10;
/** Milliseconds, doubled each time. */
const firstPause = 4;

/** Retries what must not fail, immediately at first, for about two seconds in all. */
export async function retry(work: () => Promise<unknown>, clock: Clock): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await work();
      return;
    } catch (error) {
      if (attempt === attempts) throw error;
      await clock.sleep(firstPause * 2 ** (attempt - 1));
    }
  }
}
