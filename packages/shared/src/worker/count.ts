import { availableParallelism, totalmem } from 'node:os';

/** What a worker takes at the limit of pixels: 200 MB of RGBA, what libvips holds besides, and the program. */
const bytesPerWorker = 400 * 1024 * 1024;

/**
 * As many workers as processors, as far as memory goes, and never more than the four photos that a filter is sent at once
 * (func.yaml). Containers are asked for their share: both figures know cgroups.
 */
export function defaultWorkers(): number {
  const memory = Math.min(totalmem(), process.constrainedMemory() || Infinity);
  return Math.max(1, Math.min(availableParallelism(), Math.floor(memory / bytesPerWorker), 4));
}
