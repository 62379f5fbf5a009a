import { join } from 'node:path';
import sharp, { type Sharp } from 'sharp';

export type Filter = 'grayscale' | 'sepia';

export interface Photo {
  name: string;
  file: string;
  type: 'image/jpeg' | 'image/png' | 'image/webp';
}

/** Of these JPEGs, and so of Darkroom's prints of them. The others make theirs alike. */
export const jpeg = { quality: 90, chromaSubsampling: '4:2:0' };

/** Makes the photos of the bench in a folder, with sharp alone: soft shapes in all colours with fine grain, like a camera's. */
export async function makePhotos(folder: string): Promise<Photo[]> {
  const large = scene(4000, 3000);
  const small = scene(1632, 1224);
  const photos: [string, Photo['type'], Sharp][] = [
    ['JPEG 12 MP', 'image/jpeg', large.jpeg(jpeg)],
    ['JPEG 2 MP', 'image/jpeg', small.clone().jpeg(jpeg)],
    ['PNG 2 MP', 'image/png', small.clone().png()],
    ['WebP 2 MP', 'image/webp', small.clone().webp({ quality: 85 })],
  ];
  return Promise.all(
    photos.map(async ([name, type, image]) => {
      const file = join(folder, name.replaceAll(' ', '-'));
      await image.toFile(file);
      return { name, type, file };
    }),
  );
}

function scene(width: number, height: number): Sharp {
  const data = Buffer.alloc(width * height * 3);
  let state = 1;
  for (let y = 0, index = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
      const grain = (state >>> 24) / 16 - 8;
      const shape = 60 * Math.sin(x / 300) * Math.cos(y / 200) + 30 * Math.sin((x + y) / 41);
      data[index++] = Math.max(0, Math.min(255, 120 + shape + grain));
      data[index++] = Math.max(0, Math.min(255, 110 + shape * 0.8 + 25 * Math.sin(y / 350) + grain));
      data[index++] = Math.max(0, Math.min(255, 90 + shape * 0.5 + 40 * Math.cos(x / 500) + grain));
    }
  }
  return sharp(data, { raw: { width, height, channels: 3 } });
}
