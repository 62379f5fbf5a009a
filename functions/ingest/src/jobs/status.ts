import { type Completion, type Job, type Photo, readReason } from '@darkroom/shared/job';
import { keys } from '@darkroom/shared/job/keys';
import { noteOf } from '@darkroom/shared/job/note';
import { type Print, readProgress } from '@darkroom/shared/job/progress';
import { readJson, type Store } from '@darkroom/shared/store';
import { archiveOf, originalOf, printOf } from './files.ts';
import type { ImageStatus, JobStatus, ResultStatus } from '../api/job-status.ts';

/** How far along a job is, for whoever has its URL. They do not get to see the e-mail address. */
export async function statusOf(store: Store, job: Job): Promise<JobStatus> {
  const { prints, archive, completed } = await readProgress(store, job);
  const completion = completed ? ((await readJson(store, keys.completed(job.job))) as Completion | undefined) : undefined;
  return {
    job: job.job,
    status: completion?.status ?? 'processing',
    revision: job.revision,
    filters: job.filters,
    options: job.options,
    archive: job.archive,
    acceptedAt: job.acceptedAt,
    completedAt: completion?.completedAt ?? null,
    images: await Promise.all(job.images.map((photo) => imageStatusOf(store, job, photo, prints))),
    ...(job.refused && { refused: job.refused }),
    archiveFile: archive ? { href: archiveOf(job).href, bytes: archive.size } : null,
    mail: {
      status: completion?.mail ?? (job.email === undefined ? 'none' : 'pending'),
      ...(completion?.mailReason !== undefined && { reason: completion.mailReason }),
    },
  };
}

async function imageStatusOf(store: Store, job: Job, photo: Photo, prints: Print[]): Promise<ImageStatus> {
  const { image, name, width, height, bytes } = photo;
  const { href, type } = originalOf(job, photo);
  const note = noteOf(job, photo);
  const own = prints.filter((print) => print.photo.image === image);
  const results = await Promise.all(own.map(async (print) => [print.filter, await resultStatusOf(store, job, print)] as const));
  return {
    image,
    name,
    width,
    height,
    ...(note !== undefined && { note }),
    original: { href, type, bytes },
    results: Object.fromEntries(results),
  };
}

async function resultStatusOf(store: Store, job: Job, { photo, filter, status, bytes = 0 }: Print): Promise<ResultStatus> {
  if (status === 'rejected') return { status, reason: await readReason(store, job.job, photo.image, filter) };
  if (status === 'pending') return { status };
  const { href, type } = printOf(job, photo, filter);
  return { status, href, type, bytes };
}
