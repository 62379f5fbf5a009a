import { decode } from '../image/decode.ts';
import { defaultQuality, encode } from '../image/encode.ts';
import { type PrintType, sniff } from '../formats.ts';
import { type Image, Jimp } from '../image/jimp.ts';
import type { ImageLimits } from '../limits.ts';
import { renderLuma } from '../image/luma.ts';
import { readBytes, type Store } from '../store.ts';

/** Changes an image in place, or answers a new one. Called once per frame. */
export type Apply = (image: Image) => void | Image | Promise<void | Image>;

/** What a filter promises of its pixels, so that work can be saved. */
export interface Traits {
  /** Every pixel that it leaves has equal red, green and blue. */
  grey?: boolean;
  /** Besides, it looks at nothing of a pixel but its luma (ITU-R BT.601). */
  luma?: boolean;
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
export async function develop(store: Store, task: Task, apply: Apply, traits: Traits, limits: ImageLimits): Promise<void> {
  const original = await readBytes(store, task.original);
  if (!original) throw new Error(`${task.original} is not in the store`);
  await store.writeOnce(task.print, await render(original, task, apply, traits, limits));
}

/** The print of a photo, bytes to bytes. */
export async function render(
  original: Buffer,
  { type, quality }: Pick<Task, 'type' | 'quality'>,
  apply: Apply,
  { grey = false, luma = false }: Traits,
  limits: ImageLimits,
): Promise<Buffer> {
  if (luma && type === 'image/jpeg' && sniff(original) === type) {
    const print = await renderLuma(original, quality ?? defaultQuality[type], apply, limits);
    if (print) return print;
  }
  const { frames, ...rest } = await decode(original, limits);
  const developed = [];
  for (const frame of frames) {
    const image = new Jimp(frame);
    developed.push(((await apply(image)) ?? image).bitmap);
  }
  return encode({ frames: developed, ...rest }, { type, grey, ...(quality !== undefined && { quality }) });
}
