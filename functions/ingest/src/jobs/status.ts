import { type Completion, type Job, keys, type Print, readProgress, readReason } from '@darkroom/shared/job';
import { readJson, type Store } from '@darkroom/shared/store';
import { archiveOf, originalOf, printOf } from './files.ts';

/** How far a job has come, for whoever has its address. The e-mail address is not theirs to see. */
export async function describe(store: Store, job: Job) {
  const progress = await readProgress(store, job);
  const completion = progress.completed
    ? ((await readJson(store, keys.completed(job.job))) as Completion | undefined)
    : undefined;
  const results = await Promise.all(progress.prints.map((print) => describePrint(store, job, print)));
  const images = job.images.map((photo) => {
    const { href, type } = originalOf(job, photo);
    const own = progress.prints.flatMap((print, index) =>
      print.photo.image === photo.image ? [[print.filter, results[index]!] as const] : [],
    );
    return {
      image: photo.image,
      name: photo.name,
      original: { href, type, bytes: photo.bytes },
      results: Object.fromEntries(own),
    };
  });
  return {
    job: job.job,
    status: completion?.status ?? 'processing',
    revision: job.revision,
    filters: job.filters,
    archive: job.archive,
    acceptedAt: job.acceptedAt,
    completedAt: completion?.completedAt ?? null,
    images,
    archiveFile: progress.archive ? { href: archiveOf(job).href, bytes: progress.archive.size } : null,
    mail: { status: completion?.mail ?? 'pending' },
  };
}

export type JobStatus = Awaited<ReturnType<typeof describe>>;

async function describePrint(store: Store, job: Job, { photo, filter, status, bytes }: Print) {
  if (status === 'rejected') return { status, reason: await readReason(store, job.job, photo.image, filter) };
  if (status === 'pending') return { status };
  const { href, type } = printOf(job, photo, filter);
  return { status, href, type, bytes };
}
