import { type Completion, type Job, type Photo, readReason, type WebhookEnd } from '@darkroom/shared/job';
import { keys } from '@darkroom/shared/job/keys';
import { noteOf } from '@darkroom/shared/job/note';
import { type Print, readProgress } from '@darkroom/shared/job/progress';
import { readJson, type Store } from '@darkroom/shared/store';
import type { ImageStatus, JobStatus, ResultStatus } from '../api/job-status.ts';
import { filesOf } from './files.ts';
import type { SeenJob } from './find.ts';

type Files = ReturnType<typeof filesOf>;

/** How far along a job is, for whoever has a link to it. They do not get to see the e-mail address, nor that of a webhook. */
export async function statusOf(store: Store, { job, id, isShared, path }: SeenJob): Promise<JobStatus> {
  const { prints, archive, completed } = await readProgress(store, job);
  const completion = completed ? ((await readJson(store, keys.completed(job.job))) as Completion | undefined) : undefined;
  const files = filesOf(job, path);
  return {
    job: id,
    status: completion?.status ?? 'processing',
    revision: job.revision,
    filters: job.filters,
    options: job.options,
    archive: job.archive,
    acceptedAt: job.acceptedAt,
    completedAt: completion?.completedAt ?? null,
    images: await Promise.all(job.images.map((photo) => imageStatusOf(store, job, photo, prints, files))),
    ...(job.refused && { refused: job.refused }),
    archiveFile: archive ? { href: files.archive().href, bytes: archive.size } : null,
    mail: {
      status: completion?.mail ?? (job.email === undefined ? 'none' : 'pending'),
      ...(completion?.mailReason !== undefined && { reason: completion.mailReason }),
    },
    ...(job.notifyUrl !== undefined && !isShared && { webhook: await webhookStatusOf(store, job) }),
    mayDelete: !isShared,
  };
}

async function webhookStatusOf(store: Store, { job }: Job): Promise<NonNullable<JobStatus['webhook']>> {
  return ((await readJson(store, keys.webhookEnd(job))) as WebhookEnd | undefined) ?? { status: 'pending' };
}

async function imageStatusOf(store: Store, job: Job, photo: Photo, prints: Print[], files: Files): Promise<ImageStatus> {
  const { image, name, width, height, bytes, pictures } = photo;
  const { href, type } = files.original(photo);
  const note = noteOf(job, photo);
  const own = prints.filter((print) => print.photo.image === image);
  const results = own.map(async (print) => [print.filter, await resultStatusOf(store, job, print, files)] as const);
  return {
    image,
    name,
    width,
    height,
    ...(pictures !== undefined && { pictures }),
    ...(note !== undefined && { note }),
    original: { href, type, bytes },
    results: Object.fromEntries(await Promise.all(results)),
  };
}

async function resultStatusOf(store: Store, job: Job, print: Print, files: Files): Promise<ResultStatus> {
  const { photo, filter, status, bytes = 0 } = print;
  if (status === 'rejected') return { status, reason: await readReason(store, job.job, photo.image, filter) };
  if (status === 'pending') return { status };
  const { href, type } = files.print(photo, filter);
  return { status, href, type, bytes };
}
