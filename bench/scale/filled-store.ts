import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Job } from '../../packages/shared/src/job/job.ts';
import { keys } from '../../packages/shared/src/job/keys.ts';
import { json } from '../../packages/shared/src/store/store.ts';
import { inLanes } from '../pipeline/lanes.ts';

/**
 * Fills the folder of a store with jobs of one photo and two filters, as they are left: one in ten open, with one print missing, the others
 * completed. Past the store's own interface, which would fsync each file.
 * @returns the id of one that is open
 */
export async function fill(folder: string, jobs: number): Promise<string> {
  const numbers = Array.from({ length: jobs }, (_, number) => number);
  const [open] = await inLanes(numbers, 16, (number) => leave(folder, number % 10 === 0));
  return open!;
}

async function leave(folder: string, isOpen: boolean): Promise<string> {
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
  const [original, grey, sepia] = [
    keys.original(job.job, photo),
    keys.print(job, photo, 'grayscale'),
    keys.print(job, photo, 'sepia'),
  ];
  const ended = [keys.archive(job.job), `${keys.archiveLock(job.job)}/1`, `${keys.mailLock(job.job)}/1`];
  await put(folder, keys.job(job.job), json(job));
  for (const key of [original, grey, ...(isOpen ? [keys.open(job.job)] : [sepia, ...ended])])
    await put(folder, key, Buffer.from('{}\n'));
  if (isOpen) return job.job;
  const completion = { status: 'completed', completedAt: job.acceptedAt, mail: 'sent' };
  await put(folder, keys.completed(job.job), json(completion));
  return job.job;
}

async function put(folder: string, key: string, content: Uint8Array): Promise<void> {
  const path = join(folder, key);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
}
