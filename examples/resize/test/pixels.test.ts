import { render } from '@darkroom/shared/filter/develop';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { imageLimits } from '../../../packages/shared/test/images/filters.ts';
import { resize } from '../src/index.ts';

test.each([
  [[400, 200], 100, [100, 50]],
  [[200, 400], 100, [50, 100]],
  [[60, 30], 100, [60, 30]],
])('%j with a longest side of %i becomes %j', async ([width, height], option, [across, down]) => {
  const photo = await sharp({ create: { width: width!, height: height!, channels: 3, background: '#c06030' } })
    .png()
    .toBuffer();
  const print = await render(photo, { type: 'image/png', option }, resize, imageLimits);
  const { data, info } = await sharp(print).raw().toBuffer({ resolveWithObject: true });
  expect([info.width, info.height]).toEqual([across, down]);
  expect([...data.subarray(0, 3)]).toEqual([0xc0, 0x60, 0x30]);
});

test('an animation stays one: each of its frames is made smaller', async () => {
  const colours = Buffer.from(Array.from({ length: 128 }, (_, index) => (index < 64 ? [200, 0, 0] : [0, 0, 200])).flat());
  const photo = await sharp(colours, { raw: { width: 8, height: 16, channels: 3, pageHeight: 8 } })
    .gif()
    .toBuffer();
  const print = await render(photo, { type: 'image/gif', option: 4 }, resize, imageLimits);
  expect(await sharp(print, { animated: true }).metadata()).toMatchObject({ width: 4, pageHeight: 4, pages: 2 });
});
