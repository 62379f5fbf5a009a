import type { Clock } from '@darkroom/shared/clock';
import { metrics } from '@darkroom/shared/metrics';

/** How many jobs are open, and how old the oldest is, as one look finds them. */
export interface OpenJobs {
  /** @param milliseconds since its marker was written: at first by ingest, then by sweep */
  count(milliseconds: number): void;
  /** @param milliseconds since it was accepted */
  age(milliseconds: number): void;
  /** Once the look is over. */
  show(): void;
}

export function countOpenJobs(clock: Clock): OpenJobs {
  let jobs = 0;
  let oldest = 0;
  const age = (milliseconds: number) => {
    if (Number.isFinite(milliseconds)) oldest = Math.max(oldest, milliseconds);
  };
  return {
    count(milliseconds) {
      jobs += 1;
      age(milliseconds);
    },
    age,
    show() {
      metrics.openJobs.set(jobs);
      metrics.oldestJob.set(oldest / 1000);
      metrics.lastLook.set(clock.now() / 1000);
    },
  };
}
