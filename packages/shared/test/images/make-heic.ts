/**
 * Makes the HEIC photos of the tests, in heic/, by libheif's own encoder: `node packages/shared/test/images/make-heic.ts`. They are in the
 * repository because few machines have it: heif-enc of Debian's libheif-examples, with x265; and where it is older than 1.19, a newer one
 * (NEWER_HEIF_ENC) for orientations, grids and coded colours.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { quarters } from './quarters.ts';

const drafts = mkdtempSync(join(tmpdir(), 'heic-'));
const made = (name: string) => join(import.meta.dirname, 'heic', `${name}.heic`);

async function make(name: string, pictures: Sharp[], words: string[] = [], program = 'heif-enc'): Promise<void> {
  const files = await Promise.all(
    pictures.map(async (picture, index) => {
      const { format } = await picture
        .clone()
        .toBuffer({ resolveWithObject: true })
        .then(({ info }) => info);
      const file = join(drafts, `${name}-${index}.${format}`);
      await picture.toFile(file);
      return file;
    }),
  );
  execFileSync(program, ['-q', '90', ...words, ...files, '-o', made(name)]);
}

const newer = process.env['NEWER_HEIF_ENC'] ?? 'heif-enc';
const png = (picture = quarters()) => picture.png();
for (let orientation = 1; orientation <= 8; orientation += 1)
  await make(`orientation-${orientation}`, [quarters().withMetadata({ orientation }).jpeg({ quality: 100 })], [], newer);
const deep = () => png(quarters().toColourspace('rgb16'));
await make('10-bit', [deep()], ['-b', '10']);
await make('alpha', [png(quarters().ensureAlpha(0.5))]);
await make('premultiplied', [png(quarters().linear(0.5, 0).ensureAlpha(0.5))], ['--premultiplied-alpha']);
await make('several', [png(), png(quarters().negate()), png(quarters(64, 48))]);
await make('thumbnail', [png()], ['-t', '32']);
await make('grey', [png(quarters().greyscale().toColourspace('b-w'))]);
await make('odd', [png(quarters(95, 63))]);
await make('full-chroma', [png()], ['-p', 'chroma=444']);
await make('p3', [png(quarters().withIccProfile('p3'))]);
await make('p3-by-codes', [png()], ['--colour_primaries', '12', '--transfer_characteristic', '13'], newer);
await make('large', [png(sharp({ create: { width: 4096, height: 4096, channels: 3, background: '#864' } }))], ['-q', '10']);
await make('grid', [png(quarters(320, 192))], ['--cut-tiles', '64'], newer);
await make('grid-on-its-side', [png(quarters(320, 192))], ['--cut-tiles', '64', '--rotate-cw', '90'], newer);
// Enough pixels to damage.
const noise = { type: 'gaussian', mean: 120, sigma: 30 } as const;
await make('grain', [png(sharp({ create: { width: 256, height: 192, channels: 3, background: '#864', noise } }))], ['-q', '60']);
rmSync(drafts, { recursive: true });
