import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Job } from '@darkroom/shared/job';
import type { Store } from '@darkroom/shared/store';
import { openStore } from '@darkroom/shared/store/open';
import sharp from 'sharp';
import { acceptJob } from './job.ts';

export interface Lab {
  store: Store;
  /** What a function needs in its environment. */
  environment: Record<string, string>;
  /** Writes a job with real photos, as ingest does. */
  accept(job?: Partial<Job> & { names?: string[] }): Promise<Job>;
  /** Every key in the store. */
  keys(): Promise<string[]>;
  close(): Promise<void>;
}

/** A store in a temporary folder, with what ingest would have put there. */
export async function openLab(): Promise<Lab> {
  const folder = await mkdtemp(join(tmpdir(), 'lab-'));
  const url = `file:${folder}/store`;
  return {
    ...labWith(openStore(url)),
    environment: { STORE_URL: url, K_SINK: 'http://127.0.0.1:1/none', TMPDIR: folder },
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

/** The same over any store. */
export function labWith(store: Store): Pick<Lab, 'store' | 'accept' | 'keys'> {
  return {
    store,
    accept: async (changes) => acceptJob(store, await photo(), changes),
    async keys() {
      const found: string[] = [];
      for await (const { key } of store.list('')) found.push(key);
      return found.sort();
    },
  };
}

/** A small colour photo, made here. */
export async function photo(type: 'jpeg' | 'png' | 'webp' = 'jpeg', { width = 64, height = 48 } = {}): Promise<Buffer> {
  const pixels = Buffer.alloc(width * height * 3);
  for (let i = 0; i < width * height; i += 1) {
    const x = i % width;
    const y = Math.floor(i / width);
    pixels.set([(x * 255) / width, (y * 255) / height, 128 + 100 * Math.sin((x + y) / 9)].map(Math.floor), i * 3);
  }
  return sharp(pixels, { raw: { width, height, channels: 3 } })
    .toFormat(type)
    .toBuffer();
}
