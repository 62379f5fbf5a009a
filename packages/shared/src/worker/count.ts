import { availableParallelism, totalmem } from 'node:os';

const MiB = 1024 * 1024;

/** What a worker takes before it has a photo: Node, libvips and Jimp. */
export const programBytes = 128 * MiB;
/** What a worker takes with most photos. One that needs more has to wait until the others leave room (budget.ts). */
const usualBytes = 400 * MiB;

/** What this process may use. Containers are asked for their share: both figures know cgroups. */
const machineBytes = () => Math.min(totalmem(), process.constrainedMemory() || Infinity);

/** As many workers as processors, as far as memory goes, and never more than four: a fifth would add memory, and no speed. */
export function defaultWorkers(): number {
  return Math.max(1, Math.min(availableParallelism(), Math.floor(machineBytes() / usualBytes), 4));
}

/** What is left for photos beside the process that listens and the workers themselves. */
export function memoryForPhotos(workers: number): number {
  return Math.max(64 * MiB, machineBytes() - programBytes * (workers + 1));
}
