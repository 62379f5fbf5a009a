import { Rejected } from '../errors.ts';
import type { PrintOutcome } from '../events.ts';
import { printType } from '../image/formats.ts';
import { coverOf } from '../job/cover.ts';
import type { Job, Photo } from '../job/job.ts';
import { keys } from '../job/keys.ts';
import { metrics } from '../metrics/metrics.ts';
import { json, type Store } from '../store/store.ts';
import { traced } from '../trace/trace.ts';
import type { WorkerPool } from '../worker/pool.ts';
import type { Task } from './develop.ts';
import { checkOption, type OptionSchema } from './option.ts';

/** The outcome of an earlier delivery of the same event, if there was one. */
export async function outcomeOf(store: Store, job: Job, photo: Photo, name: string): Promise<PrintOutcome | undefined> {
  if (await store.stat(keys.print(job, photo, name))) return 'succeeded';
  if (await store.stat(keys.rejection(job.job, photo.image, name))) return 'rejected';
  return undefined;
}

/** Has a worker make the print of a photo, or records why there can be none. */
export async function develop(
  store: Store,
  pool: WorkerPool<Task, void>,
  job: Job,
  photo: Photo,
  name: string,
  schema: OptionSchema | undefined,
): Promise<PrintOutcome> {
  const { revision } = job;
  const { format, quality, filters } = job.options;
  try {
    const option = filters?.[name] ?? schema?.default;
    // The version of ingest that accepted it may have had another schema.
    if (schema && option !== undefined) checkOption(name, schema, option);
    const task = {
      original: keys.original(job.job, photo),
      print: keys.print(job, photo, name),
      ...(isCover(job, photo, name) && { cover: keys.cover(job.job) }),
      type: printType(photo.type, format),
      ...(quality !== undefined && { quality }),
      ...(option !== undefined && { option }),
    };
    await traced(`develop ${name}`, { attributes: { 'darkroom.bytes': photo.bytes } }, () =>
      pool.run(task, job.email ?? job.job),
    );
    metrics.printsMade.inc({ revision, filter: name });
    return 'succeeded';
  } catch (error) {
    if (!(error instanceof Rejected)) throw error;
    if (await store.writeOnce(keys.rejection(job.job, photo.image, name), json({ reason: error.message })))
      metrics.printsRejected.inc({ revision, filter: name, reason: error.reason });
    return 'rejected';
  }
}

/** Only where a mail will show it. */
function isCover(job: Job, { image }: Photo, name: string): boolean {
  const cover = coverOf(job);
  return job.email !== undefined && cover?.photo.image === image && cover.filter === name;
}
