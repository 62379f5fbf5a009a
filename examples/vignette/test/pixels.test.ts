import { render } from '@darkroom/shared/filter/develop';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { imageLimits } from '../../../packages/shared/test/images/filters.ts';
import { vignette } from '../src/index.ts';

test.each([100, 40])('at %i percent, the corners are as much darker, the centre stays, and so does alpha', async (option) => {
  const photo = await sharp({
    create: { width: 201, height: 101, channels: 4, background: { r: 200, g: 100, b: 50, alpha: 0.5 } },
  })
    .png()
    .toBuffer();
  const print = await render(photo, { type: 'image/png', option }, vignette, imageLimits);
  const pixels = await sharp(print).raw().toBuffer();
  const at = (x: number, y: number) => [...pixels.subarray((y * 201 + x) * 4, (y * 201 + x) * 4 + 4)];
  expect(at(100, 50)).toEqual([200, 100, 50, 128]);
  const corners = [at(0, 0), at(200, 0), at(0, 100), at(200, 100)];
  expect(corners).toEqual(corners.map(() => corners[0]));
  expect(Math.abs(corners[0]![0]! - 200 * (1 - option / 100))).toBeLessThan(5);
  // Halfway to one side: a quarter of what a corner gets from there, which is half of all.
  expect(Math.abs(at(50, 50)[0]! - 200 * (1 - option / 800))).toBeLessThan(2);
});
