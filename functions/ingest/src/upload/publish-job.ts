import type { Clock } from '@darkroom/shared/clock';
import { explain } from '@darkroom/shared/errors';
import { imageUploaded } from '@darkroom/shared/events';
import type { Job } from '@darkroom/shared/job';
import { log } from '@darkroom/shared/log';
import { publish } from '@darkroom/shared/stage/publish';

/** Hands one event per photo to the broker. */
export interface Publisher {
  /** Resolves when the broker has them, or after about a second while publishing continues in the background. Never rejects. */
  publish(job: Job): Promise<void>;
  /** Resolves when nothing is being published anymore. */
  idle(): Promise<void>;
}

/** The job is already safe, so the response waits only this long for its events. */
const longestWait = 1_000;
/** A synchronous channel answers only when the whole pipeline has finished, and stops if we hang up. */
const longestPublishing = 120_000;

export function openPublisher(sink: string, clock: Clock): Publisher {
  const underWay = new Set<Promise<void>>();

  /** What the broker does not accept is not lost: sweep finds the job open and emits the events again. */
  async function publishAll(job: Job): Promise<void> {
    const events = job.images.map(({ image }) => publish(sink, imageUploaded(job, image), longestPublishing, clock));
    const failed = (await Promise.allSettled(events)).filter((end) => end.status === 'rejected');
    if (failed.length > 0) log('not published', { job: job.job, images: failed.length, error: explain(failed[0]!.reason) });
  }

  return {
    async publish(job) {
      const publishing = publishAll(job).finally(() => underWay.delete(publishing));
      underWay.add(publishing);
      const published = new AbortController();
      await Promise.race([publishing, clock.sleep(longestWait, published.signal).catch(() => {})]);
      published.abort();
    },
    async idle() {
      await Promise.all(underWay);
    },
  };
}
