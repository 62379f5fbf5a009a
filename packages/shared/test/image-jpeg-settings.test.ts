import sharp, { type JpegOptions } from 'sharp';
import { describe, expect, test } from 'vitest';
import { printSettings } from '../src/image/jpeg-settings.ts';
import { inspect } from '../src/image/inspect.ts';
import { filters, imageLimits, printOf } from './images/filters.ts';

type Filter = keyof typeof filters;

/** Soft shapes in all colours, with edges and some grain. */
function scene(width: number, height: number, grain: number) {
  const data = Buffer.alloc(width * height * 3);
  for (let at = 0, state = 1; at < data.length; at += 3) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    const [x, y] = [(at / 3) % width, Math.floor(at / 3 / width)];
    const shape = 60 * Math.sin(x / 90) * Math.cos(y / 70) + ((x >> 7) + (y >> 7)) * 3 + ((state >>> 24) / 128 - 1) * grain;
    [110 + shape, 100 + shape * 0.8 + 30 * Math.sin(y / 150), 90 + shape * 0.5 + 40 * Math.cos(x / 200)].forEach(
      (value, channel) => {
        data[at + channel] = Math.max(0, Math.min(255, value));
      },
    );
  }
  return sharp(data, { raw: { width, height, channels: 3 } });
}

const pixelsOf = (bytes: Buffer) => sharp(bytes).removeAlpha().toColourspace('srgb').raw().toBuffer();

/** What a print keeps of the exact one, in dB. */
async function kept(print: Buffer, photo: Buffer, filter: Filter): Promise<number> {
  const [own, exact] = [await pixelsOf(print), await pixelsOf(await printOf(photo, filter, { type: 'image/png' }))];
  const squares = own.reduce((sum, value, index) => sum + (value - exact[index]!) ** 2, 0);
  return 10 * Math.log10(255 ** 2 / (squares / own.length));
}

const camera = scene(1232, 816, 6);
/** Thin bright lines on black. */
const drawing = sharp(
  Buffer.from(
    Array.from({ length: 640 * 480 }, (_, at) => {
      const line = ((at % 640) * 3 + Math.floor(at / 640)) % 97 < 5;
      return line ? [255, 40 + ((at % 640) >> 2), 60] : [0, 0, 0];
    }).flat(),
  ),
  { raw: { width: 640, height: 480, channels: 3 } },
);

describe.each([60, 75, 85, 90, 95])('of a JPEG of quality %i', (quality) => {
  test.each(['4:2:0', '4:4:4'])(
    'with chroma as %s there is a print that is as good, and not much larger',
    async (chromaSubsampling) => {
      const options: JpegOptions = { quality, chromaSubsampling, optimiseCoding: false };
      const photo = await camera.clone().jpeg(options).toBuffer();
      for (const filter of ['grayscale', 'sepia'] as const) {
        const print = await printOf(photo, filter, { type: 'image/jpeg' });
        expect(await kept(print, photo, filter)).toBeGreaterThan(38);
        expect(print.length).toBeLessThan(photo.length * 1.1);
        if (filter === 'sepia') expect((await sharp(print).metadata()).chromaSubsampling).toBe(chromaSubsampling);
      }
    },
  );

  test('a small drawing, whose edges are all chroma in the print, keeps as much', async () => {
    const photo = await drawing.clone().jpeg({ quality }).toBuffer();
    for (const filter of ['grayscale', 'sepia'] as const)
      expect(await kept(await printOf(photo, filter, { type: 'image/jpeg' }), photo, filter)).toBeGreaterThan(38);
  });
});

test('a print has the quality that was asked for', async () => {
  const photo = await camera.clone().jpeg({ quality: 85 }).toBuffer();
  const sizes = [];
  for (const quality of [20, undefined, 99])
    sizes.push((await printOf(photo, 'sepia', { type: 'image/jpeg', ...(quality !== undefined && { quality }) })).length);
  expect(sizes).toEqual(sizes.toSorted((one, other) => one - other));
});

describe('the safest settings are taken', async () => {
  const photo = await camera.clone().jpeg({ quality: 85 }).toBuffer();
  const header = await inspect(photo, imageLimits);
  const at = photo.indexOf(Buffer.from([0xff, 0xdb]));
  const changed = (change: (bytes: Buffer) => Buffer | void) => {
    const bytes = Buffer.from(photo);
    return change(bytes) ?? bytes;
  };
  const safest = { quality: 96, halfChroma: false, leaner: [] };

  test.each([
    [
      'without tables',
      changed((bytes) => Buffer.concat([bytes.subarray(0, 2), bytes.subarray(bytes.indexOf(Buffer.from([0xff, 0xda])))])),
    ],
    ['with a table of 16 bits', changed((bytes) => void (bytes[at + 4] = 0x10))],
    ['with zeros in a table', changed((bytes) => void bytes.fill(0, at + 5, at + 69))],
    ['with a table that is cut off', photo.subarray(0, at + 20)],
    [
      'after a segment without a length',
      Buffer.concat([photo.subarray(0, 2), Buffer.from([0xff, 0xe0, 0, 0]), photo.subarray(2)]),
    ],
    ['for nothing', Buffer.alloc(0)],
  ])('%s', (_, bytes) => {
    for (const grey of [true, false]) expect(printSettings(bytes, header, grey)).toEqual(safest);
  });

  test('for a rotation that moves blocks off their grid, and for other formats', () => {
    expect(printSettings(photo, { ...header, orientation: 6 }, false)).not.toEqual(safest);
    expect(printSettings(photo, { ...header, orientation: 6, width: 1231 }, false)).toEqual(safest);
    expect(printSettings(photo, { ...header, type: 'image/png' }, false)).toEqual(safest);
    expect(printSettings(photo, { ...header, model: 'cmyk' }, false)).toEqual(safest);
  });
});
