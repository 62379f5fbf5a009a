import type { Matrix } from '../image/colour-matrix.ts';
import { readConfig, url } from '../config.ts';
import { decode } from '../image/decode.ts';
import { encode, type EncodeOptions } from '../image/encode.ts';
import type { PrintType } from '../image/formats.ts';
import { inspect } from '../image/inspect.ts';
import type { Image } from '../image/jimp.ts';
import { type ImageLimits, limits } from '../image/limits.ts';
import { openStore } from '../store/open.ts';
import { renderMatrix } from '../image/short-way.ts';
import { readBytes, type Store } from '../store/store.ts';

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

const settings = { STORE_URL: url('file:', 's3:'), MAX_PIXELS: limits.MAX_PIXELS, MAX_FRAMES: limits.MAX_FRAMES };

/** What the workers of a filter do; the store and the limits are those of the environment. */
export function developer(apply: Apply): (task: Task) => Promise<void> {
  const { STORE_URL, ...imageLimits } = readConfig(settings);
  const store = openStore(STORE_URL);
  return (task) => develop(store, task, apply, imageLimits);
}

/**
 * Makes one print: reads the original from the store, applies the filter to each frame, writes the result.
 * @throws Rejected when the original cannot be developed
 */
async function develop(store: Store, task: Task, apply: Apply, imageLimits: ImageLimits): Promise<void> {
  const original = await readBytes(store, task.original);
  if (!original) throw new Error(`${task.original} is not in the store`);
  await store.writeOnce(task.print, await render(original, task, apply, imageLimits));
}

/**
 * The print of a photo, bytes to bytes.
 * @throws Rejected when the photo cannot be developed
 */
export async function render(original: Buffer, options: EncodeOptions, apply: Apply, imageLimits: ImageLimits): Promise<Buffer> {
  const header = await inspect(original, imageLimits);
  const print = apply.matrix && (await renderMatrix(original, header, apply.matrix, options, imageLimits));
  if (print) return print;
  const { frames, ...rest } = await decode(original, header, imageLimits);
  const { Jimp } = await import('../image/jimp.ts');
  const developed = [];
  for (const frame of frames) {
    const image = new Jimp(frame);
    developed.push(((await apply(image)) ?? image).bitmap);
  }
  return encode({ frames: developed, ...rest }, options);
}
