import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { Unavailable } from '../src/errors.ts';
import { type Apply, developer } from '../src/filter/develop.ts';
import type { ImageType, PrintType } from '../src/image/formats.ts';
import { openStore } from '../src/store/open.ts';
import { readBytes, type Store } from '../src/store/store.ts';
import { filters } from './images/filters.ts';
import { photo } from './support/lab.ts';

let store: Store;
const folder = mkdtempSync(join(tmpdir(), 'covers-'));
beforeAll(() => {
  vi.stubEnv('STORE_URL', `file://${folder}`);
  vi.stubEnv('MAX_PIXELS', '1000000');
  store = openStore(`file://${folder}`);
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

const keep: Apply = () => undefined;

/** Has a print with a cover made. @returns where it is, and the cover if there is one */
async function develop(original: Buffer, type: ImageType & PrintType, apply = keep) {
  const job = randomUUID();
  const task = { original: `${job}/original`, print: `${job}/print`, cover: `${job}/cover.jpg`, type };
  await store.write(task.original, original);
  await developer(apply)(task, (_bytes, part) => part());
  return { print: await readBytes(store, task.print), cover: await readBytes(store, task.cover) };
}

test.each([
  [1000, 400, 480, 192],
  [400, 1000, 192, 480],
  [30, 20, 30, 20],
  [2000, 2, 480, 1],
])('of a print of %i x %i pixels there is a JPEG of %i x %i', async (width, height, expectedWidth, expectedHeight) => {
  const { print, cover } = await develop(await photo('jpeg', { width, height }), 'image/jpeg');
  expect(await sharp(print).metadata()).toMatchObject({ width, height });
  expect(await sharp(cover).metadata()).toMatchObject({ format: 'jpeg', width: expectedWidth, height: expectedHeight });
});

test.each([
  ['grayscale', 1],
  ['sepia', 3],
] as const)('of a large print by %s it looks as the print does', async (filter, channels) => {
  const onItsSide = await sharp(await photo('jpeg', { width: 1250, height: 800 }))
    .withMetadata({ orientation: 6 })
    .jpeg({ quality: 90 })
    .toBuffer();
  const { print, cover } = await develop(onItsSide, 'image/jpeg', filters[filter]);
  expect(await sharp(cover).metadata()).toMatchObject({ channels, width: 307, height: 480 });
  const [own, expected] = await Promise.all([sharp(cover), sharp(print).resize(307, 480)].map((image) => image.raw().toBuffer()));
  const squares = own!.reduce((sum, value, index) => sum + (value - expected![index]!) ** 2, 0);
  expect(10 * Math.log10(255 ** 2 / (squares / own!.length))).toBeGreaterThan(38);
});

test('what is transparent is white', async () => {
  const clear = await sharp({ create: { width: 9, height: 9, channels: 4, background: '#0000' } })
    .png()
    .toBuffer();
  const { cover } = await develop(clear, 'image/png');
  expect([...(await sharp(cover).removeAlpha().toColourspace('srgb').raw().toBuffer()).subarray(0, 3)]).toEqual([255, 255, 255]);
});

test('of an animation there is its first frame', async () => {
  const frames = ['#f00', '#00f'].map((background) => ({ create: { width: 8, height: 8, channels: 3 as const, background } }));
  const inputs = await Promise.all(frames.map((frame) => sharp(frame).png().toBuffer()));
  const moving = await sharp(inputs, { join: { animated: true } })
    .gif()
    .toBuffer();
  const { print, cover } = await develop(moving, 'image/gif');
  expect(await sharp(print).metadata()).toMatchObject({ pages: 2 });
  const [red, , blue] = await sharp(cover).raw().toBuffer();
  expect([red! > 200, blue! < 50]).toEqual([true, true]);
});

test('a print of which there can be no cover is made all the same', async () => {
  const logged = vi.spyOn(console, 'log').mockImplementation(() => undefined);
  const enlarge: Apply = (image) => void image.resize({ w: 1100, h: 1100 });
  const { print, cover } = await develop(await photo(), 'image/jpeg', enlarge);
  expect(await sharp(print).metadata()).toMatchObject({ width: 1100 });
  expect(cover).toBeUndefined();
  expect(logged.mock.calls.flat().join()).toMatch(/^the mail will show no print key=\S+\/cover\.jpg error=.*pixels/);
  logged.mockRestore();
});

test('it is stored before its print, whose end lets the mail be written', async () => {
  const job = randomUUID();
  await store.write(`${job}/original`, await photo());
  // A folder is where the print should go.
  await store.write(`${job}/print/taken`, Buffer.alloc(1));
  const task = { original: `${job}/original`, print: `${job}/print`, cover: `${job}/cover.jpg`, type: 'image/jpeg' as const };
  await expect(developer(keep)(task, (_bytes, part) => part())).rejects.toBeInstanceOf(Unavailable);
  expect(await store.stat(task.cover)).toBeDefined();
});
