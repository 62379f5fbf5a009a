import { availableParallelism, totalmem } from 'node:os';

const MiB = 1024 * 1024;

/** What a worker needs before it has a photo: Node, libvips and Jimp. */
export const programBytes = 128 * MiB;
/** What a worker needs for most photos. One that needs more has to wait until the others leave room (budget.ts). */
const usualBytes = 400 * MiB;

/** What this process may use. */
interface Machine {
  processors: number;
  bytes: number;
}

/** In a container that is its share: all figures respect cgroups. */
const thisMachine = (): Machine => ({
  processors: availableParallelism(),
  bytes: Math.min(totalmem(), process.constrainedMemory() || Infinity),
});

/** One worker per processor as far as memory allows, and never more than four: a fifth would cost memory without adding speed. */
export function defaultWorkers({ processors, bytes } = thisMachine()): number {
  return Math.max(1, Math.min(processors, Math.floor(bytes / usualBytes), 4));
}

/** What is left for photos after the listening process and the workers themselves. */
export function memoryForPhotos(workers: number, { bytes }: Pick<Machine, 'bytes'> = thisMachine()): number {
  return Math.max(64 * MiB, bytes - programBytes * (workers + 1));
}
