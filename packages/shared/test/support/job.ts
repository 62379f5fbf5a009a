import { randomUUID } from 'node:crypto';
import type { Job } from '@darkroom/shared/job';
import { keys } from '@darkroom/shared/job/keys';
import { json, type Store } from '@darkroom/shared/store';

/** Writes a job into a store, as ingest does. Each photo has the same bytes. With an empty `email`, it has no address. */
export async function acceptJob(
  store: Store,
  bytes: Uint8Array,
  { names = ['photo.jpg'], ...changes }: Partial<Job> & { names?: string[] } = {},
): Promise<Job> {
  const photo = { type: 'image/jpeg', bytes: bytes.length, width: 64, height: 48 } as const;
  const job: Job = {
    job: randomUUID(),
    revision: 'ingest-v2',
    email: 'person@example.com',
    filters: ['grayscale', 'sepia'],
    archive: true,
    options: {},
    images: names.map((name, index) => ({ image: String(index + 1), name, ...photo })),
    acceptedAt: new Date().toISOString(),
    ...changes,
  };
  if (changes.email === '') delete job.email;
  for (const image of job.images) await store.write(keys.original(job.job, image), bytes);
  await store.write(keys.job(job.job), json(job));
  await store.write(keys.open(job.job), json({ acceptedAt: job.acceptedAt }));
  return job;
}
