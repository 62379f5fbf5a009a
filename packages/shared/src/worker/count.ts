import { availableParallelism, totalmem } from 'node:os';

const MiB = 1024 * 1024;

/** What a worker needs before it has a photo: Node, libvips and Jimp. */
export const programBytes = 128 * MiB;
/** What a worker needs for most photos. One that needs more has to wait until the others leave room (budget.ts). */
const usualBytes = 400 * MiB;

/** What this process may use. In a container that is its share: both figures respect cgroups. */
const machineBytes = () => Math.min(totalmem(), process.constrainedMemory() || Infinity);

/** One worker per processor as far as memory allows, and never more than four: a fifth would cost memory without adding speed. */
export function defaultWorkers(): number {
  return Math.max(1, Math.min(availableParallelism(), Math.floor(machineBytes() / usualBytes), 4));
}

/** What is left for photos after the listening process and the workers themselves. */
export function memoryForPhotos(workers: number): number {
  return Math.max(64 * MiB, machineBytes() - programBytes * (workers + 1));
}
