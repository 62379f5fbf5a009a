import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { Job } from '@darkroom/shared/job';
import { keys } from '@darkroom/shared/job/keys';
import { readProgress } from '@darkroom/shared/job/progress';
import { json, readBytes, type Store } from '@darkroom/shared/store';
import { unzipSync } from 'fflate';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { labWith } from '../../../packages/shared/test/support/lab.ts';
import { memoryStore } from '../../../packages/shared/test/support/memory-store.ts';
import { pack } from '../src/archive.ts';

interface Manifest {
  files: { path: string; image: string; name: string; made: string; type: string; bytes: number; sha256: string }[];
}

let lab: ReturnType<typeof labWith>;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'archive-'));
  vi.stubEnv('TMPDIR', folder);
});
beforeEach(() => {
  lab = labWith(memoryStore());
});
afterEach(async () => {
  expect(await readdir(folder), 'left in the temporary folder').toEqual([]);
  expect(await openFiles(), 'left open').toEqual([]);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

/** Files in the temporary folder that this process holds open, where the system tells. */
async function openFiles(): Promise<string[]> {
  const handles = await readdir('/proc/self/fd').catch(() => []);
  const paths = await Promise.all(handles.map((handle) => readlink(`/proc/self/fd/${handle}`).catch(() => '')));
  return paths.filter((path) => path.startsWith(folder));
}

/** A job whose prints are made: no two have equal bytes, so that none can be mistaken for another. */
async function developed(changes: Partial<Job> & { names?: string[] } = {}): Promise<Job> {
  const job = await lab.accept({ filters: ['grayscale', 'sepia'], ...changes });
  for (const photo of job.images)
    for (const filter of job.filters)
      await lab.store.write(keys.print(job, photo, filter), Buffer.from(`${filter} print of photo ${photo.image}`));
  return job;
}

async function packed(job: Job, { store = lab.store, signal = new AbortController().signal, mayStore = async () => true } = {}) {
  const { prints } = await readProgress(lab.store, job);
  await pack(store, job, prints, signal, mayStore);
  const bytes = await readBytes(lab.store, keys.archive(job.job));
  const entries = bytes ? unzipSync(bytes) : {};
  return { entries, manifest: entries['manifest.json'] && manifestOf(entries['manifest.json']) };
}
const manifestOf = (bytes: Uint8Array) => JSON.parse(Buffer.from(bytes).toString()) as Manifest;

/** The store, with the bytes of one key supplied by a test. */
function reading(key: string, content: () => AsyncIterable<Buffer>): Store {
  return {
    ...lab.store,
    read: async (wanted, range) => (wanted === key ? Readable.from(content()) : lab.store.read(wanted, range)),
  };
}

describe('what is in the archive', () => {
  test('originals, prints and a manifest that lists them with digests that hold', async () => {
    const job = await developed({ names: ['a.jpg', 'A.JPG', '../../etc/passwd', 'con.jpg', 'Łódź 写真.jpeg'] });
    await lab.store.remove(keys.print(job, job.images[4]!, 'sepia'));
    await lab.store.writeOnce(keys.rejection(job.job, '5', 'sepia'), json({ reason: 'too dark' }));
    const { entries, manifest } = await packed(job);
    expect(Object.keys(entries)).toEqual([...manifest!.files.map(({ path }) => path), 'manifest.json']);
    expect(manifest!.files.map(({ path }) => path)).toEqual([
      'original/a.jpg',
      'original/A-2.jpg',
      'original/etc-passwd.jpg',
      'original/photo-con.jpg',
      'original/Łódź 写真.jpg',
      'grayscale/a.jpg',
      'sepia/a.jpg',
      'grayscale/A-2.jpg',
      'sepia/A-2.jpg',
      'grayscale/etc-passwd.jpg',
      'sepia/etc-passwd.jpg',
      'grayscale/photo-con.jpg',
      'sepia/photo-con.jpg',
      'grayscale/Łódź 写真.jpg',
    ]);
    for (const { path, bytes, sha256 } of manifest!.files) {
      expect(entries[path]).toHaveLength(bytes);
      expect(createHash('sha256').update(entries[path]!).digest('hex')).toBe(sha256);
    }
    const original = await readBytes(lab.store, keys.original(job.job, job.images[1]!));
    expect(original!.equals(entries['original/A-2.jpg']!)).toBe(true);
    expect(Buffer.from(entries['sepia/A-2.jpg']!).toString()).toBe('sepia print of photo 2');
    expect(JSON.stringify(manifest)).not.toContain(job.job);
    expect(manifest).toMatchObject({
      revision: 'ingest-v2',
      acceptedAt: job.acceptedAt,
      filters: ['grayscale', 'sepia'],
      options: {},
      notes: [],
      rejected: [{ image: '5', name: 'Łódź 写真.jpeg', filter: 'sepia', reason: 'too dark' }],
      refused: [],
    });
    expect(manifest!.files.filter(({ image }) => image === '2')).toMatchObject([
      { name: 'A.JPG', made: 'original', type: 'image/jpeg' },
      { name: 'A.JPG', made: 'grayscale', type: 'image/jpeg' },
      { name: 'A.JPG', made: 'sepia', type: 'image/jpeg' },
    ]);
  });

  test('what a print cannot hold is noted in the manifest', async () => {
    const scan = { image: '1', name: 'scan.tiff', type: 'image/tiff', bytes: 3, width: 1, height: 1, pictures: 4 } as const;
    const photo = { image: '2', name: 'photo.tiff', type: 'image/tiff', bytes: 3, width: 1, height: 1 } as const;
    const job = await developed({ images: [scan, photo], options: { format: 'image/jpeg' } });
    for (const { image } of job.images)
      await lab.store.write(keys.original(job.job, { image, type: 'image/tiff' }), Buffer.from('abc'));
    const { manifest } = await packed(job);
    expect(manifest).toMatchObject({
      notes: [{ image: '1', name: 'scan.tiff', note: expect.stringMatching(/^Only the first of 4 pages/) as string }],
    });
    expect(manifest!.files.map(({ path, type }) => [path, type])).toContainEqual(['original/scan.tiff', 'image/tiff']);
    expect(manifest!.files.map(({ path, type }) => [path, type])).toContainEqual(['sepia/scan.jpg', 'image/jpeg']);
  });

  test('photos that were not taken are listed in the manifest', async () => {
    const refused = [{ name: 'notes.txt', reason: 'This is not a photo.' }];
    expect((await packed(await developed({ refused }))).manifest).toMatchObject({ refused });
  });

  test('the same job has the same bytes whenever it is packed, since its files have the time of the post', async () => {
    const job = await developed({ acceptedAt: '2026-07-01T12:00:00.000Z' });
    await packed(job);
    const first = (await readBytes(lab.store, keys.archive(job.job)))!;
    expect(first.readUInt16LE(10) >> 11, 'the hour').toBe(12);
    await lab.store.remove(keys.archive(job.job));
    await packed(job);
    expect((await readBytes(lab.store, keys.archive(job.job)))!.equals(first)).toBe(true);
  });
});

describe('what ends without an archive, in words for the person', () => {
  test.each<[string, (job: Job) => Promise<void>]>([
    ['an original is missing', async (job) => lab.store.remove(keys.original(job.job, job.images[0]!))],
    ['an original is cut short', async (job) => lab.store.write(keys.original(job.job, job.images[0]!), Buffer.from('x'))],
  ])('%s', async (_fault, harm) => {
    const job = await developed({ names: ['holiday.jpg'] });
    await harm(job);
    await expect(packed(job)).rejects.toMatchObject({
      name: 'Rejected',
      message: expect.stringMatching(/holiday\.jpg is damaged in the store.*Download the prints one by one/) as string,
    });
    expect(await lab.store.stat(keys.archive(job.job))).toBeUndefined();
  });

  test('a print vanished after it was counted', async () => {
    const job = await developed({ names: ['holiday.jpg'] });
    const { prints } = await readProgress(lab.store, job);
    await lab.store.remove(keys.print(job, job.images[0]!, 'sepia'));
    await expect(pack(lab.store, job, prints, new AbortController().signal, async () => true)).rejects.toThrow(
      'holiday.jpg is damaged',
    );
  });

  // ZIP counts in 32 bits, and 64 MiB are left for what is not a file. Sizes are believed as the records tell them: what is too large is
  // refused before anything is read, and these photos, which are not as large as they claim, are found damaged only if they are read.
  test.each([
    ['one byte too many', ['rest + 1'], 'too large together for one ZIP file'],
    ['two originals that are too large together', ['half', 'half + 1'], 'too large together for one ZIP file'],
    ['as many bytes as there can be', ['rest'], 'damaged'],
  ] as const)('%s', async (_size, sizes, reason) => {
    const job = await developed({ names: sizes.map((_, index) => `${index}.jpg`) });
    const prints = (await readProgress(lab.store, job)).prints.reduce((sum, { bytes }) => sum + bytes!, 0);
    const rest = 2 ** 32 - 1 - 64 * 1024 * 1024 - prints;
    const bytesOf = { rest, 'rest + 1': rest + 1, half: Math.floor(rest / 2), 'half + 1': Math.ceil(rest / 2) + 1 };
    const images = job.images.map((photo, index) => ({ ...photo, bytes: bytesOf[sizes[index]!] }));
    await expect(packed({ ...job, images })).rejects.toMatchObject({
      name: 'Rejected',
      message: expect.stringContaining(reason) as string,
    });
  });
});

describe('whoever may not go on', () => {
  test('stores nothing if it may not once everything is packed', async () => {
    const job = await developed();
    const mayStore = vi.fn(async () => false);
    expect((await packed(job, { mayStore })).entries).toEqual({});
    expect(mayStore).toHaveBeenCalledTimes(1);
  });

  test('reads no further file', async () => {
    const job = await developed();
    const losing = new AbortController();
    const read = vi.fn((key: string) => {
      losing.abort(new Error('lost'));
      return lab.store.read(key);
    });
    await expect(packed(job, { store: { ...lab.store, read }, signal: losing.signal })).rejects.toThrow('lost');
    expect(read).toHaveBeenCalledTimes(1);
    await expect(packed(job, { store: { ...lab.store, read }, signal: losing.signal })).rejects.toThrow('lost');
    expect(read).toHaveBeenCalledTimes(1);
  });

  test('leaves a file in the middle, and closes it', async () => {
    const job = await developed();
    const losing = new AbortController();
    let chunks = 0;
    let closed = false;
    const store = reading(keys.original(job.job, job.images[0]!), async function* () {
      try {
        for (; chunks < 100;) {
          chunks += 1;
          if (chunks === 3) losing.abort(new Error('lost'));
          yield Buffer.alloc(1000);
        }
      } finally {
        closed = true;
      }
    });
    await expect(packed(job, { store, signal: losing.signal })).rejects.toThrow('lost');
    expect(chunks).toBeLessThan(100);
    expect(closed).toBe(true);
  });
});

test('a fault of the store is passed on as it is, for another attempt', async () => {
  const job = await developed();
  const store = reading(keys.print(job, job.images[0]!, 'sepia'), async function* () {
    yield Buffer.from('x');
    throw new Error('EIO');
  });
  await expect(packed(job, { store })).rejects.toThrow('EIO');
});
