import { render } from '@darkroom/shared/filter/develop';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { imageLimits } from '../../../packages/shared/test/images/filters.ts';
import { blur } from '../src/index.ts';

test('an edge becomes a slope as wide as was asked for; what is far from it stays', async () => {
  const left = { input: { create: { width: 50, height: 20, channels: 3, background: '#fff' } }, left: 0, top: 0 } as const;
  const photo = await sharp({ create: { width: 100, height: 20, channels: 3, background: '#000' } })
    .composite([left])
    .png()
    .toBuffer();
  const widths = [];
  for (const option of [1, 5]) {
    const print = await render(photo, { type: 'image/png', option }, blur, imageLimits);
    const row = [...(await sharp(print).extractChannel(0).raw().toBuffer()).subarray(0, 100)];
    expect([row[0], row[99]]).toEqual([255, 0]);
    expect(Math.abs((row[49]! + row[50]!) / 2 - 127.5)).toBeLessThan(3);
    widths.push(row.filter((value) => value > 5 && value < 250).length);
  }
  expect(widths[1]! / widths[0]!).toBeGreaterThan(3);
});
