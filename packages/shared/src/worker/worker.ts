import { Worker as Thread } from 'node:worker_threads';
import { readConfig, url } from '../config.ts';
import { type Apply, develop, type Task } from './develop.ts';
import { explain, Rejected } from '../errors.ts';
import { limits } from '../limits.ts';
import { openStore } from '../store/open.ts';
import { type Answer, employer } from './process.ts';

const settings = { STORE_URL: url('file:', 's3:'), MAX_PIXELS: limits.MAX_PIXELS, MAX_FRAMES: limits.MAX_FRAMES };

/** The life of a worker: one print after the other, as its employer asks, until that is gone. */
export function work(apply: Apply): void {
  holdOn();
  const { STORE_URL, ...imageLimits } = readConfig(settings);
  const store = openStore(STORE_URL);

  async function answerTo(task: Task): Promise<Answer> {
    try {
      await develop(store, task, apply, imageLimits);
      return 'done';
    } catch (error) {
      return error instanceof Rejected ? { rejected: error.message } : { failed: explain(error) };
    }
  }

  process.on('message', (task: Task) => void answerTo(task).then(say));
  say('ready');
}

function say(answer: Answer): void {
  process.send?.(answer);
}

/** A worker ends with its employer, at once and only then: what it is at, the employer may still be waiting for. */
function holdOn(): void {
  process.on('SIGTERM', () => undefined);
  process.on('SIGINT', () => undefined);
  process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
  // A filter in an endless loop would never hear of the disconnect: a thread looks as well.
  const watch = `setInterval(() => { if (process.ppid !== ${employer}) process.kill(process.pid, 'SIGKILL'); }, 1000)`;
  new Thread(watch, { eval: true, resourceLimits: { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 1 } }).unref();
}
