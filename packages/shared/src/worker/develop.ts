import type { Matrix } from '../image/colour-matrix.ts';
import { decode } from '../image/decode.ts';
import { encode, type EncodeOptions } from '../image/encode.ts';
import type { PrintType } from '../formats.ts';
import { inspect } from '../image/inspect.ts';
import type { Image } from '../image/jimp.ts';
import type { ImageLimits } from '../limits.ts';
import { renderMatrix } from '../image/short-way.ts';
import { readBytes, type Store } from '../store.ts';

/** Changes an image in place, or answers a new one. Called once per frame. One that is a colour matrix may say so. */
export interface Apply {
  (image: Image): void | Image | Promise<void | Image>;
  readonly matrix?: Matrix;
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
export async function develop(store: Store, task: Task, apply: Apply, limits: ImageLimits): Promise<void> {
  const original = await readBytes(store, task.original);
  if (!original) throw new Error(`${task.original} is not in the store`);
  await store.writeOnce(task.print, await render(original, task, apply, limits));
}

/**
 * The print of a photo, bytes to bytes.
 * @throws Rejected when the photo cannot be developed
 */
export async function render(original: Buffer, options: EncodeOptions, apply: Apply, limits: ImageLimits): Promise<Buffer> {
  const header = await inspect(original, limits);
  const print = apply.matrix && (await renderMatrix(original, header, apply.matrix, options, limits));
  if (print) return print;
  const { frames, ...rest } = await decode(original, header, limits);
  const { Jimp } = await import('../image/jimp.ts');
  const developed = [];
  for (const frame of frames) {
    const image = new Jimp(frame);
    developed.push(((await apply(image)) ?? image).bitmap);
  }
  return encode({ frames: developed, ...rest }, options);
}
