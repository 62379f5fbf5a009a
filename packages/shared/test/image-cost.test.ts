import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { afterAll, describe, expect, test } from 'vitest';
import { allocator } from '../src/worker/spawn.ts';

const program = join(import.meta.dirname, 'images/cost-program.ts');
const folder = mkdtempSync(join(tmpdir(), 'cost-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** 6 megapixels with some grain. */
const scene = (alpha = false) => {
  const picture = sharp({
    create: { width: 1000, height: 667, channels: 3, background: '#864', noise: { type: 'gaussian', mean: 120, sigma: 20 } },
  });
  return (alpha ? picture.ensureAlpha(0.5) : picture).resize(3000, 2000);
};
const photos: Record<string, () => Sharp> = {
  jpeg: () => scene().jpeg(),
  'progressive jpeg': () => scene().jpeg({ progressive: true, chromaSubsampling: '4:4:4' }),
  'jpeg on its side': () => scene().withMetadata({ orientation: 6 }).jpeg(),
  'interlaced png': () => scene().png({ progressive: true, compressionLevel: 1 }),
  'png with alpha': () => scene(true).png({ compressionLevel: 1 }),
  'webp with alpha': () => scene(true).webp({ effort: 0 }),
  'tiff of inks': () => scene().toColourspace('cmyk').tiff({ compression: 'none' }),
};

// Workers are given what is estimated: too little, and two of them together run out of memory. Linux only.
describe.skipIf(!existsSync('/proc/self/status'))('a print takes no more memory than was estimated', () => {
  test.each([
    ['jpeg', 'image/jpeg', 'matrix'],
    ['jpeg', 'image/jpeg', 'function'],
    ['jpeg', 'image/avif', 'matrix'],
    ['progressive jpeg', 'image/jpeg', 'function'],
    ['jpeg on its side', 'image/jpeg', 'matrix'],
    ['interlaced png', 'image/png', 'matrix'],
    ['png with alpha', 'image/png', 'function'],
    ['png with alpha', 'image/jpeg', 'function'],
    ['webp with alpha', 'image/webp', 'function'],
    ['tiff of inks', 'image/tiff', 'function'],
  ])('%s as %s, by %s', async (name, type, way) => {
    const path = join(folder, name.replaceAll(' ', '-'));
    if (!existsSync(path)) writeFileSync(path, await photos[name]!().toBuffer());
    const env = { ...process.env, ...allocator };
    const said = execFileSync(process.execPath, [program, path, type, way], { env, encoding: 'utf8' });
    const { taken, reckoned } = JSON.parse(said) as { taken: number; reckoned: number };
    expect(taken).toBeLessThanOrEqual(reckoned);
    // Nor may the estimate be so high that good photos are refused.
    expect(reckoned).toBeLessThan(3 * taken + (64 << 20));
  });
});
