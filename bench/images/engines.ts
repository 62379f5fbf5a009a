import { createRequire } from 'node:module';
import { join } from 'node:path';
import { readFile } from 'node:fs/promises';
import type { Jimp as OwnJimp } from '../../packages/shared/src/image/jimp.ts';
import sharp, { type Matrix3x3, type Sharp } from 'sharp';
import { filters, imageLimits, printOf } from '../../packages/shared/test/images/filters.ts';
import { render } from '../../packages/shared/src/filter/develop.ts';
import { defaultQuality } from '../../packages/shared/src/image/save.ts';
import { type Filter, jpeg, type Photo } from './photos.ts';

/** Makes one print, bytes to bytes. */
type Engine = (photo: Photo, bytes: Buffer, filter: Filter) => Promise<Buffer>;

const require = createRequire(join(import.meta.dirname, '../../packages/shared/package.json'));
const matrix: Matrix3x3 = [
  [0.393, 0.769, 0.189],
  [0.349, 0.686, 0.168],
  [0.272, 0.534, 0.131],
];

/** What an experienced user of sharp writes: its defaults, but Darkroom's quality and chroma, so that the prints look alike. */
const straightforward: Engine = (photo, bytes, filter) => save(photo, change(bytes, filter)).toBuffer();

/** The same with all of Darkroom's encoder settings, so that only the pipeline differs. */
const tuned: Engine = (photo, bytes, filter) => {
  const image = save(photo, change(bytes, filter));
  if (photo.type === 'image/jpeg') image.jpeg({ optimiseCoding: false });
  if (photo.type === 'image/png') image.png({ compressionLevel: 3 });
  if (photo.type === 'image/webp') image.webp({ effort: 2 });
  return image.toBuffer();
};

const jimp: Engine = async ({ type }, bytes, filter) => {
  const { Jimp } = require('jimp') as { Jimp: typeof OwnJimp };
  if (type === 'image/webp') throw new Error('Jimp has no WebP');
  const image = await Jimp.fromBuffer(bytes);
  if (filter === 'grayscale') image.greyscale();
  else image.sepia();
  return type === 'image/jpeg' ? image.getBuffer(type, { quality: jpeg.quality }) : image.getBuffer(type);
};

/** The same pixels from an opaque function, as a new filter may be. */
const anyFunction: Engine = ({ type }, bytes, filter) =>
  render(
    bytes,
    { type, ...(type === 'image/jpeg' && { quality: jpeg.quality, halfChroma: true }) },
    (image) => filters[filter](image),
    imageLimits,
  );

export const engines = {
  Darkroom: ((photo, bytes, filter) => printOf(bytes, filter, { type: photo.type })) satisfies Engine,
  'by any function': anyFunction,
  sharp: straightforward,
  'sharp, same settings': tuned,
  Jimp: jimp,
} satisfies Record<string, Engine>;

function change(bytes: Buffer, filter: Filter): Sharp {
  const image = sharp(bytes).autoOrient();
  return filter === 'grayscale' ? image.greyscale() : image.recomb(matrix);
}

function save({ type }: Photo, image: Sharp): Sharp {
  if (type === 'image/jpeg') return image.jpeg(jpeg);
  if (type === 'image/webp') return image.webp({ quality: defaultQuality[type] });
  return image.png();
}

// As a program of its own: one print, and the most memory that it took.
if (process.argv[1] === import.meta.filename) {
  const [engine, filter, photo] = JSON.parse(process.argv[2]!) as [keyof typeof engines, Filter, Photo];
  await engines[engine](photo, await readFile(photo.file), filter);
  // Not maxRSS of getrusage: that begins at the peak of the process that started this one.
  console.log(Math.round(Number(/^VmHWM:\s+(\d+)/m.exec(await readFile('/proc/self/status', 'utf8'))?.[1] ?? 0) / 1024));
}
