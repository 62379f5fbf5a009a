import { setTimeout as sleep } from 'node:timers/promises';

const attempts = 10;
const firstPause = 2;

/** Does what must not fail, again and again at first at once, in all for about two seconds. */
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
