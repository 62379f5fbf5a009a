import { decode } from './decode.ts';
import { encode } from './encode.ts';
import type { PrintType } from './formats.ts';
import { type Image, Jimp } from './jimp.ts';
import type { ImageLimits } from './limits.ts';
import { readBytes, type Store } from './store.ts';

/** Changes an image in place, or answers a new one. Called once per frame. */
export type Apply = (image: Image) => void | Image | Promise<void | Image>;

/** What a filter promises of its pixels, so that work can be saved. */
export interface Traits {
  /** Every pixel that it leaves has equal red, green and blue. */
  grey?: boolean;
}

/** One print to make: keys of the store, and what to encode. */
export interface Task {
  original: string;
  print: string;
  type: PrintType;
  quality?: number;
}

/**
 * Makes one print: reads the original from the store, applies the filter to each frame, writes the result.
 * @throws Rejected when the original cannot be developed
 */
export async function develop(
  store: Store,
  task: Task,
  apply: Apply,
  { grey = false }: Traits,
  limits: ImageLimits,
): Promise<void> {
  const original = await readBytes(store, task.original);
  if (!original) throw new Error(`${task.original} is not in the store`);
  const print = await render(original, task, apply, { grey }, limits);
  await store.writeOnce(task.print, print);
}

/** The print of a photo, bytes to bytes. */
export async function render(
  original: Buffer,
  { type, quality }: Pick<Task, 'type' | 'quality'>,
  apply: Apply,
  { grey = false }: Traits,
  limits: ImageLimits,
): Promise<Buffer> {
  const { frames, ...rest } = await decode(original, limits);
  const developed = [];
  for (const frame of frames) {
    const image = new Jimp(frame);
    developed.push(((await apply(image)) ?? image).bitmap);
  }
  return encode({ frames: developed, ...rest }, { type, grey, ...(quality !== undefined && { quality }) });
}
