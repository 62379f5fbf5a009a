import { setTimeout as sleep } from 'node:timers/promises';

const attempts = 6;
const firstPause = 50;

/** Does what must not fail, again and again for about three seconds. */
export async function persist(work: () => Promise<unknown>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await work();
      return;
    } catch (error) {
      if (attempt === attempts) throw error;
      await sleep(firstPause * 2 ** attempt);
    }
  }
}
