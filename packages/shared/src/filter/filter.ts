import type { HealthCheck } from 'faas-js-runtime';
import { optional } from 'valibot';
import { checkFilterName, integer, readConfig } from '../config.ts';
import type { Apply, Task } from './develop.ts';
import { checkOption, type OptionSchema, readSchema } from './option.ts';
import { identify } from '../trace/current.ts';
import { Misconfigured, Rejected } from '../errors.ts';
import { filterFinished, type PrintOutcome } from '../events.ts';
import { printType } from '../image/formats.ts';
import { type Job, type Photo, readJob } from '../job/job.ts';
import { keys } from '../job/keys.ts';
import { withdrawIfGone } from '../job/remove.ts';
import { limits } from '../image/limits.ts';
import { metrics } from '../metrics/metrics.ts';
import { type Stage, stage } from '../stage/stage.ts';
import { json, type Store } from '../store/store.ts';
import { openStore } from '../store/open.ts';
import { storeUrl } from '../store/url.ts';
import { type WorkerPool, workerPool } from '../worker/pool.ts';
import { traced } from '../trace/trace.ts';
import { isWorker } from '../worker/process.ts';
import { defaultWorkers, memoryForPhotos, programBytes } from '../worker/count.ts';
import { work } from '../worker/worker.ts';

export { colourMatrix, luma } from '../image/colour-matrix.ts';
export type { Apply } from './develop.ts';
export type { Image } from '../image/jimp.ts';

const settings = {
  STORE_URL: storeUrl,
  MAX_IMAGE_SECONDS: limits.MAX_IMAGE_SECONDS,
  MAX_IMAGE_MEMORY: limits.MAX_IMAGE_MEMORY,
  /** How many photos one process of the filter develops at once. */
  WORKERS: optional(integer(1, 64), () => String(defaultWorkers())),
};

/** How long a worker may do nothing at all, say because the store does not answer. Then it is killed, and the photo is tried again. */
const stuckSeconds = 300;

/**
 * Builds a whole filter stage around a function on pixels: listens for image.uploaded, stores the print, answers filter.finished.
 * The listening process touches no pixels: it hands the photo to a worker, which runs this same program.
 * The filter has the name of its function in func.yaml: the Trigger filters by it, and prints are named after it.
 * @throws Misconfigured if a filter cannot have this name
 */
export function filter(apply: Apply, option?: unknown): Stage;
/**
 * @param name says the name once more; it must be the one in func.yaml
 * @param option the filter's option.json, if a person may choose something for it
 */
export function filter(name: string, apply: Apply, option?: unknown): Stage;
export function filter(...given: [apply: Apply, option?: unknown] | [name: string, apply: Apply, option?: unknown]): Stage {
  const [named, apply, option] =
    typeof given[0] === 'string' ? (given as [string, Apply, unknown]) : [undefined, ...(given as [Apply, unknown])];
  const name = nameOf(named);
  const schema = option === undefined ? undefined : readSchema(option);
  let workers: WorkerPool<Task, void> | undefined;

  const listening = stage(() => {
    if (name === undefined)
      throw new Misconfigured('This filter has no name. Run it from dist/, where its build has put the name.');
    const { STORE_URL, MAX_IMAGE_SECONDS, MAX_IMAGE_MEMORY, WORKERS } = readConfig(settings);
    const store = openStore(STORE_URL);
    const bounds = { seconds: MAX_IMAGE_SECONDS, bytes: programBytes + MAX_IMAGE_MEMORY, stuckSeconds };
    const pool = workerPool<Task, void>(WORKERS, bounds, { memory: memoryForPhotos(WORKERS) });
    workers = pool;
    setImmediate(() => pool.warm());
    /** Prints under way, by key: an event that is delivered again waits for the same print. */
    const underWay = new Map<string, Promise<PrintOutcome>>();

    async function once(key: string, make: () => Promise<PrintOutcome>): Promise<PrintOutcome> {
      const print = underWay.get(key) ?? make().finally(() => underWay.delete(key));
      underWay.set(key, print);
      return print;
    }

    return async ({ job: id, image }) => {
      const job = await readJob(store, id);
      if (job) identify(job);
      const photo = job?.images.find((candidate) => candidate.image === image);
      // The job was deleted, or never asked for this filter: there is nothing to do, and nothing to retry.
      if (!job || !photo || !job.filters.includes(name)) return undefined;
      const outcome =
        (await outcomeOf(store, job, photo, name)) ??
        (await once(keys.print(job, photo, name), () => develop(store, pool, job, photo, name, schema)));
      // If the job was deleted meanwhile, take back what was written for it.
      if (await withdrawIfGone(store, id)) return undefined;
      return filterFinished(job, photo.image, name, outcome);
    };
  });

  if (isWorker) return { ...listening, init: async () => work((await import('./develop.ts')).developer(apply)) };
  const health: HealthCheck = (request, reply) => {
    if (workers?.healthy() === false) return refuse(reply);
    return listening.liveness(request, reply);
  };
  return {
    ...listening,
    liveness: health,
    readiness: health,
    async shutdown() {
      await listening.shutdown();
      workers?.close();
    },
  };
}

/** @throws Misconfigured if a filter cannot have the name, or its function has another */
function nameOf(named: string | undefined): string | undefined {
  // The build replaces this by the name in func.yaml; in a test or a bench there is none.
  const built = process.env.FUNC_NAME;
  const name = named ?? built;
  if (name !== undefined) checkFilterName(name);
  if (built !== undefined && name !== built)
    throw new Misconfigured(
      `The function ${built} makes the filter “${name}”. Write filter(...) without a name in its src/index.ts, or correct the name in its func.yaml.`,
    );
  return name;
}

/** The runtime's type for a reply declares none of its methods. */
function refuse(reply: unknown): void {
  (reply as { code(status: number): { send(body: string): void } }).code(503).send('No image worker can be started');
}

/** The outcome of an earlier delivery of the same event, if there was one. */
async function outcomeOf(store: Store, job: Job, photo: Photo, name: string): Promise<PrintOutcome | undefined> {
  if (await store.stat(keys.print(job, photo, name))) return 'succeeded';
  if (await store.stat(keys.rejection(job.job, photo.image, name))) return 'rejected';
  return undefined;
}

async function develop(
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
      type: printType(photo.type, format),
      ...(quality !== undefined && { quality }),
      ...(option !== undefined && { option }),
    };
    await traced(`develop ${name}`, { attributes: { 'darkroom.bytes': photo.bytes } }, () => pool.run(task, job.email));
    metrics.printsMade.inc({ revision, filter: name });
    return 'succeeded';
  } catch (error) {
    if (!(error instanceof Rejected)) throw error;
    if (await store.writeOnce(keys.rejection(job.job, photo.image, name), json({ reason: error.message })))
      metrics.printsRejected.inc({ revision, filter: name, reason: error.reason });
    return 'rejected';
  }
}
