import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { archiveCreated, type DarkroomEvent, filterFinished, imageUploaded } from '@darkroom/shared/events';
import type { Job } from '@darkroom/shared/job';
import { keys } from '@darkroom/shared/job/keys';
import { json } from '@darkroom/shared/store';
import { openStore } from '@darkroom/shared/store/open';
import { HTTP } from 'cloudevents';
import { quality, small } from './photo.ts';
import { environmentIn, programsIn, start } from './startup.ts';
import { spread } from './statistics.ts';

/** Jobs of a start: one that comes at once, and those that it is compared with. */
const jobsOfStart = 9;
const rounds = 5;

/** What the first event after a start takes, in milliseconds, and those after it. */
export interface FirstEvent {
  first: number;
  /** Median. */
  later: number;
}

/** In the order of the pipeline: each makes what the next one needs. */
const events: Record<string, (job: Job) => DarkroomEvent> = {
  grayscale: (job) => imageUploaded(job, '1'),
  sepia: (job) => imageUploaded(job, '1'),
  zip: (job) => filterFinished(job, '1', 'sepia', 'succeeded'),
  notify: ({ job }) => archiveCreated(job),
};

/**
 * Starts each stage and sends it an event the moment it is ready, and more one after the other. Its compile cache was filled by an earlier life.
 * @param photos paths
 * @returns one per round, by stage
 */
export async function measureFirstEvents(
  folder: string,
  smtp: string,
  photos: readonly string[],
): Promise<Map<string, FirstEvent[]>> {
  const programs = await programsIn(folder);
  const store = openStore(pathToFileURL(join(folder, 'store')).href);
  const environment = { ...environmentIn(folder), SMTP_URL: smtp, NODE_COMPILE_CACHE: join(folder, 'compile-cache') };
  const measured = new Map<string, FirstEvent[]>(Object.keys(events).map((name) => [name, []]));
  for (let round = 0; round <= rounds; round += 1) {
    const jobs: Job[] = [];
    for (let index = 0; index < jobsOfStart; index += 1) jobs.push(await createJob(photos[index % photos.length]!));
    for (const [name, eventOf] of Object.entries(events)) {
      const took: number[] = [];
      await start(programs.get(name)!, environment, async (port) => {
        for (const job of jobs) took.push(await deliver(port, eventOf(job)));
      });
      const [first, ...others] = took;
      // The first round fills the cache.
      if (round > 0) measured.get(name)!.push({ first: first!, later: spread(others).median });
    }
  }
  return measured;

  async function createJob(path: string): Promise<Job> {
    const bytes = await readFile(path);
    const photo = { image: '1', name: 'photo.jpg', type: 'image/jpeg', bytes: bytes.length, ...small } as const;
    const job: Job = {
      job: randomUUID(),
      revision: 'bench',
      email: 'ada@example.org',
      filters: ['grayscale', 'sepia'],
      archive: true,
      options: { quality },
      images: [photo],
      acceptedAt: new Date().toISOString(),
    };
    await store.write(keys.original(job.job, photo), bytes);
    await store.write(keys.job(job.job), json(job));
    return job;
  }
}

/** @returns milliseconds until the answer */
async function deliver(port: number, event: DarkroomEvent): Promise<number> {
  const { headers, body } = HTTP.binary(event);
  const begun = performance.now();
  const response = await fetch(`http://127.0.0.1:${port}`, {
    method: 'POST',
    headers: headers as Record<string, string>,
    body: String(body),
  });
  await response.text();
  const passed = performance.now() - begun;
  if (response.status !== 200) throw new Error(`${event.type} was answered with ${response.status} instead of the next event`);
  return passed;
}
