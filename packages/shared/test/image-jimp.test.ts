import { expect, test } from 'vitest';
import { Jimp } from '../src/image/jimp.ts';

test.each(['image/png', 'image/webp', 'image/avif', 'image/tiff', 'image/jpeg', 'image/gif'] as const)(
  'Jimp reads and writes %s, for those who write filters',
  async (type) => {
    const image = new Jimp({ width: 20, height: 10, color: 0x20_80_e0_ff });
    const bytes = await image.getBuffer(type);
    const again = await Jimp.fromBuffer(bytes);
    expect([again.width, again.height, again.mime]).toEqual([20, 10, type]);
    expect(Math.abs(again.bitmap.data[2]! - 0xe0)).toBeLessThan(6);
  },
);
