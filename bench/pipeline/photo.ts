import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';

/** Pixels, 4:3, like a camera's. */
export interface Size {
  width: number;
  height: number;
}

/** 2 megapixels. */
export const small: Size = { width: 1632, height: 1224 };

/** JPEG quality of every print, of the lab and of its peer alike: sent along with each photo, so that the two cannot drift apart. */
export const quality = 88;

/** Makes photos, each one different, and returns their paths. */
export async function makePhotos(folder: string, count: number, size = small): Promise<string[]> {
  const paths = Array.from({ length: count }, (_, index) => join(folder, `photo-${index + 1}.jpg`));
  for (const [index, path] of paths.entries()) await writeFile(path, await makePhoto(index, size));
  return paths;
}

/** A sky, things in front of it, and the grain of a sensor: smooth areas, edges and noise, at the quality of a camera. */
async function makePhoto(index: number, { width, height }: Size): Promise<Buffer> {
  const { data: grain, info } = await sharp({
    create: { width, height, channels: 3, background: 'black', noise: { type: 'gaussian', mean: 128, sigma: 15 } },
  })
    .raw()
    .toBuffer({ resolveWithObject: true });
  return sharp(scene(index, { width, height }))
    .composite([{ input: grain, raw: { width, height, channels: info.channels }, blend: 'overlay' }])
    .removeAlpha()
    .jpeg({ quality: 90 })
    .toBuffer();
}

function scene(index: number, { width, height }: Size): Buffer {
  const hue = (index * 47) % 360;
  const shapes = Array.from({ length: 60 }, (_, number) => {
    const x = (number * 397 + index * 211) % width;
    const y = (number * 263 + index * 137) % height;
    const size = 30 + ((number * 71 + index * 29) % 170);
    const fill = `hsl(${(hue + number * 31) % 360} ${30 + (number % 5) * 12}% ${25 + (number % 7) * 9}%)`;
    return number % 2
      ? `<ellipse cx="${x}" cy="${y}" rx="${size}" ry="${size / 2}" fill="${fill}" fill-opacity="0.8"/>`
      : `<path d="M${x} ${y}l${size} ${size / 3}l${-size / 2} ${size}z" fill="${fill}"/>`;
  });
  return Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><defs>
      <linearGradient id="sky" x2="0.3" y2="1"><stop stop-color="hsl(${hue} 60% 70%)"/><stop offset="1" stop-color="hsl(${hue + 60} 40% 30%)"/></linearGradient>
    </defs><rect width="100%" height="100%" fill="url(#sky)"/>${shapes.join('')}</svg>`,
  );
}
