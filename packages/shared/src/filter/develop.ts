import type { Rendered } from '../image/bitmap.ts';
import { isGreyMatrix, type Matrix } from '../image/colour-matrix.ts';
import { readConfig } from '../config.ts';
import { explain, Unavailable } from '../errors.ts';
import { decode } from '../image/decode.ts';
import { checkSize, encode, type EncodeOptions } from '../image/encode.ts';
import type { PrintType } from '../image/formats.ts';
import { type Cost, costOf } from '../image/cost.ts';
import { checkCost, prepare, type Prepared } from '../image/inspect.ts';
import type { Image } from '../image/jimp.ts';
import { printSettings } from '../image/jpeg-settings.ts';
import { heic, type ImageLimits, limits } from '../image/limits.ts';
import { coverThumbnailOf } from '../image/thumbnail.ts';
import { log } from '../log.ts';
import type { OptionValue } from './option.ts';
import { openStore } from '../store/open.ts';
import { storeUrl } from '../store/url.ts';
import { renderMatrix } from '../image/short-way.ts';
import { readBytes, type Store } from '../store/store.ts';
import type { Compute } from '../worker/worker.ts';

/**
 * Changes an image in place, or returns a new one. Called once per frame. `option` is what the person chose, checked by the filter's
 * option.json. A filter that is a colour matrix may say so, and then has no option.
 */
export interface Apply {
  (image: Image, option?: OptionValue): void | Image | Promise<void | Image>;
  readonly matrix?: Matrix;
}

/** One print to make: its keys in the store, and how to encode it. */
export interface Task {
  original: string;
  print: string;
  /** Where a small copy of the print goes, if the mail shows it. */
  cover?: string;
  type: PrintType;
  quality?: number;
  option?: OptionValue;
}

type RenderOptions = EncodeOptions & { option?: OptionValue; withSmall?: boolean };

const { MAX_PIXELS, MAX_FRAMES, MAX_IMAGE_MEMORY, MAX_IMAGE_SECONDS } = limits;
const settings = { STORE_URL: storeUrl, HEIC: heic, MAX_PIXELS, MAX_FRAMES, MAX_IMAGE_MEMORY, MAX_IMAGE_SECONDS };

/** What a filter's workers do. Store and limits come from the environment. */
export function developer(apply: Apply): (task: Task, compute: Compute) => Promise<void> {
  const { STORE_URL, ...imageLimits } = readConfig(settings);
  const store = openStore(STORE_URL);
  return (task, compute) => develop(store, task, apply, imageLimits, compute);
}

/**
 * Makes one print: reads the original from the store, applies the filter to each frame, writes the result.
 * @throws Rejected if the original cannot be developed, Unavailable if the store is at fault
 */
async function develop(store: Store, task: Task, apply: Apply, imageLimits: ImageLimits, compute: Compute): Promise<void> {
  const original = await readBytes(store, task.original).catch(storeFailed);
  if (!original) throw new Error(`${task.original} is not in the store`);
  const photo = await prepare(original, imageLimits);
  const { bytes } = costOfPrint(photo, task, apply, imageLimits);
  const { print, cover } = await compute(bytes, async () => {
    const made = await renderPrepared(photo, { ...task, withSmall: task.cover !== undefined }, apply, imageLimits);
    return { print: made.print, cover: task.cover === undefined ? undefined : await shrunk(made, task.cover, imageLimits) };
  });
  // First, so that it is there when the mail is written. After a power cut, a mail may do without.
  if (task.cover !== undefined && cover) await store.writeOnce(task.cover, cover, { durable: false }).catch(storeFailed);
  await store.writeOnce(task.print, print).catch(storeFailed);
}

/** A print without a small copy is still a print. */
async function shrunk(made: Rendered, key: string, imageLimits: ImageLimits): Promise<Buffer | undefined> {
  try {
    return await coverThumbnailOf(made, imageLimits);
  } catch (error) {
    log('the mail will show no print', { key, error: explain(error) });
    return undefined;
  }
}

/** A full disk, a network that is down: kept apart from faults of the filter, so that the photo is not blamed. */
function storeFailed(cause: unknown): never {
  throw new Unavailable('The store cannot be used', { cause });
}

/**
 * Makes the print of a photo, bytes to bytes.
 * @throws Rejected if the photo cannot be developed
 */
export async function render(original: Buffer, options: RenderOptions, apply: Apply, imageLimits: ImageLimits): Promise<Buffer> {
  const photo = await prepare(original, imageLimits);
  costOfPrint(photo, options, apply, imageLimits);
  return (await renderPrepared(photo, options, apply, imageLimits)).print;
}

/** @throws Rejected when that is more than one photo may cost, or the print would be larger than its format can be */
function costOfPrint({ header, bytes }: Prepared, { type }: EncodeOptions, apply: Apply, imageLimits: ImageLimits): Cost {
  checkSize(header, type);
  const cost = costOf(header, bytes.length, type, apply.matrix !== undefined);
  checkCost(header, cost, type, imageLimits);
  return cost;
}

async function renderPrepared(
  { bytes, header }: Prepared,
  options: RenderOptions,
  apply: Apply,
  imageLimits: ImageLimits,
): Promise<Rendered> {
  const { matrix } = apply;
  // Other filters may leave nothing as it was.
  const own = matrix && options.type === 'image/jpeg' ? printSettings(bytes, header, isGreyMatrix(matrix)) : undefined;
  const encoding = options.quality === undefined ? { ...options, ...own } : options;
  const rendered = matrix && (await renderMatrix(bytes, header, matrix, encoding, imageLimits));
  if (rendered) return rendered;
  const { frames, ...rest } = await decode(bytes, header, imageLimits);
  const { Jimp } = await import('../image/jimp.ts');
  const developed = [];
  for (const frame of frames) {
    const image = new Jimp(frame);
    developed.push(((await apply(image, options.option)) ?? image).bitmap);
  }
  return { print: await encode({ frames: developed, ...rest }, encoding) };
}
