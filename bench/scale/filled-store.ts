import { randomUUID } from 'node:crypto';
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { Job } from '../../packages/shared/src/job/job.ts';
import { keys } from '../../packages/shared/src/job/keys.ts';
import { json, type Store } from '../../packages/shared/src/store/store.ts';

/** Seconds. Long enough ago for a look of sweep to find that a job stands still, and not long enough for its next turn. */
const lastLook = 60;
/** How often a job has been looked at: by then, each pause is the longest. */
const rounds = 9;
const day = 24 * 60 * 60;

/**
 * Fills the folder of a store with so many jobs of one photo and two filters that are completed; with a tenth as many that are open and have
 * stood still for long, each with one print missing; and with a tenth as many tombstones, one in a hundred of the last hour. Past the store's
 * own interface, which would fsync each file, but for tombstones that are looked at by themselves: an S3 server keeps more of an object than its file.
 * @param folder of the store
 * @returns the id of one that is open
 */
export async function fill(folder: string, store: Store, jobs: number): Promise<string> {
  const open: string[] = [];
  for (let number = 0; number < jobs; number += 1) {
    leaveCompleted(folder);
    if (number % 10 === 0) {
      open.push(leaveOpen(folder));
      if (number % 1000 === 0) await bury(store);
      else leaveGone(folder);
    }
    if (number % 100 === 0) await setImmediate();
  }
  // At last, since filling takes minutes.
  for (const job of open) date(join(folder, keys.open(job)), lastLook);
  return open[0]!;
}

function leaveCompleted(folder: string): void {
  const { job, parts, sepia } = leavePhoto(folder);
  const id = job.job;
  const ended = [sepia, keys.archive(id), `${keys.archiveLock(id)}/1`, `${keys.mailLock(id)}/1`];
  for (const key of [...parts, ...ended]) put(folder, key, Buffer.from('{}\n'));
  put(folder, keys.completed(id), json({ status: 'completed', completedAt: job.acceptedAt, mail: 'sent' }));
}

function leaveOpen(folder: string): string {
  const { job, parts } = leavePhoto(folder);
  for (const key of parts) put(folder, key, Buffer.from('{}\n'));
  const watch = { looks: rounds, rounds, settled: 1, idleSeconds: 600, acceptedAt: job.acceptedAt };
  put(folder, keys.open(job.job), json(watch));
  return job.job;
}

function leaveGone(folder: string): void {
  const key = keys.gone(randomUUID());
  put(folder, key, json({}));
  date(join(folder, key), day);
}

async function bury(store: Store): Promise<void> {
  const job = randomUUID();
  for (const key of [keys.leaving(job), keys.gone(job)]) await store.write(key, json({}));
}

function leavePhoto(folder: string) {
  const photo = { image: '1', name: 'photo.jpg', type: 'image/jpeg', bytes: 3, width: 64, height: 48 } as const;
  const job: Job = {
    job: randomUUID(),
    revision: 'ingest-v2',
    email: 'person@example.com',
    filters: ['grayscale', 'sepia'],
    archive: true,
    options: {},
    images: [photo],
    acceptedAt: new Date().toISOString(),
  };
  put(folder, keys.job(job.job), json(job));
  const parts = [keys.original(job.job, photo), keys.print(job, photo, 'grayscale')];
  return { job, parts, sepia: keys.print(job, photo, 'sepia') };
}

function put(folder: string, key: string, content: Uint8Array): void {
  const path = join(folder, key);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

function date(path: string, secondsAgo: number): void {
  const then = Date.now() / 1000 - secondsAgo;
  utimesSync(path, then, then);
}
