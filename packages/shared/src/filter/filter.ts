import type { HealthCheck } from 'faas-js-runtime';
import { optional } from 'valibot';
import { systemClock } from '../clock.ts';
import { checkFilterName, integer, readConfig } from '../config.ts';
import type { Apply, Task } from './develop.ts';
import { readSchema } from './option.ts';
import { develop, outcomeOf } from './print.ts';
import { signOfWork } from './sign.ts';
import { identify } from '../trace/current.ts';
import { Misconfigured } from '../errors.ts';
import { filterFinished, type PrintOutcome } from '../events.ts';
import { readJob } from '../job/job.ts';
import { keys } from '../job/keys.ts';
import { withdrawIfGone } from '../job/remove.ts';
import { heic, limits } from '../image/limits.ts';
import { type Stage, stage } from '../stage/stage.ts';
import { openStore } from '../store/open.ts';
import { storeUrl } from '../store/url.ts';
import { type WorkerPool, workerPool } from '../worker/pool.ts';
import { isWorker } from '../worker/spawn.ts';
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
    pool.warm();
    /** Prints under way, by key: an event that is delivered again waits for the same print. */
    const underWay = new Map<string, Promise<PrintOutcome>>();
    const sign = signOfWork(store, name, systemClock);

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
        (await once(keys.print(job, photo, name), async () => {
          const made = await develop(store, pool, job, photo, name, schema);
          if (made === 'succeeded') await sign();
          return made;
        }));
      // If the job was deleted meanwhile, take back what was written for it.
      if (await withdrawIfGone(store, id)) return undefined;
      return filterFinished(job, photo.image, name, outcome);
    };
  });

  if (isWorker) {
    const mayHang = apply.matrix === undefined || readConfig({ HEIC: heic }).HEIC;
    return { ...listening, init: async () => work((await import('./develop.ts')).developer(apply), mayHang) };
  }
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

/** @throws Misconfigured if a filter cannot have the name, or its function or Service has another */
function nameOf(named: string | undefined): string | undefined {
  // The build replaces this by the name in func.yaml; in a test or a bench there is none.
  const built = process.env.FUNC_NAME;
  const name = named ?? built;
  if (name !== undefined) checkFilterName(name);
  if (built !== undefined && name !== built)
    throw new Misconfigured(
      `The function ${built} makes the filter “${name}”. Write filter(...) without a name in its src/index.ts, or correct the name in its func.yaml.`,
    );
  // A dist/ that was copied along would answer for the other filter, and nobody for this one.
  const service = process.env['K_SERVICE'];
  if (built !== undefined && service !== undefined && service !== built)
    throw new Misconfigured(
      `This is a build of the function ${built}, and its Service is ${service}. Run npm run build, and deploy functions/${service} again.`,
    );
  return name;
}

/** The runtime's type for a reply declares none of its methods. */
function refuse(reply: unknown): void {
  (reply as { code(status: number): { send(body: string): void } }).code(503).send('No image worker can be started');
}
