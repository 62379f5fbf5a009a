import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type Job, readReason } from '@darkroom/shared/job';
import { keys } from '@darkroom/shared/job/keys';
import type { Print } from '@darkroom/shared/job/progress';
import type { Store } from '@darkroom/shared/store';
import { entryNames } from './names.ts';
import { zipped, type ZipEntry } from './zipped.ts';

/** ZIP without its 64-bit extension counts bytes in 32 bits; a little room is left for headers and the manifest. */
const maxBytes = 0xffff_ffff - 64 * 1024 * 1024;

interface Member {
  path: string;
  key: string;
  bytes: number;
  image: string;
  /** The name that the photo was sent with. */
  name: string;
  /** How it was made: "original", or the name of the filter. */
  made: string;
  type: string;
}

/**
 * Packs originals, prints and manifest.json into the job's archive: the same bytes for the same job.
 * @returns why there can be no archive, in words for the person; undefined when there is one
 */
export async function pack(store: Store, job: Job, prints: Print[]): Promise<string | undefined> {
  const members = membersOf(job, prints);
  if (members.reduce((sum, { bytes }) => sum + bytes, 0) > maxBytes) {
    return 'The prints are too large together for one ZIP file (4 GB). Download them one by one.';
  }
  const folder = await mkdtemp(join(tmpdir(), 'archive-'));
  try {
    const file = join(folder, 'archive.zip');
    await pipeline(zipped(entriesOf(store, job, members, prints), new Date(job.acceptedAt)), createWriteStream(file));
    await store.writeOnce(keys.archive(job.job), { file });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return undefined;
}

function membersOf(job: Job, prints: Print[]): Member[] {
  const made = prints.filter(({ status }) => status === 'succeeded');
  const originals = job.images.map((photo) => ({
    photo,
    made: 'original',
    type: photo.type,
    bytes: photo.bytes,
    key: keys.original(job.job, photo),
  }));
  const results = made.map(({ photo, filter, type, bytes = 0, key }) => ({ photo, made: filter, type, bytes, key }));
  const all = [...originals, ...results];
  const paths = entryNames(all.map(({ photo, made: folder, type }) => ({ folder, name: photo.name, type })));
  return all.map(({ photo, ...rest }, index) => ({ path: paths[index]!, image: photo.image, name: photo.name, ...rest }));
}

/** The members in order, and last the manifest, which needs the digests of all the others. */
async function* entriesOf(store: Store, job: Job, members: Member[], prints: Print[]): AsyncGenerator<ZipEntry> {
  const digests: string[] = [];
  for (const { path, key } of members) {
    const source = await store.read(key);
    if (!source) throw new Error(`${key} is not in the store`);
    const hash = createHash('sha256');
    yield { path, content: digested(source, hash) };
    digests.push(hash.digest('hex'));
  }
  const files = members.map(({ path, image, name, made, type, bytes }, index) => ({
    path,
    image,
    name,
    made,
    type,
    bytes,
    sha256: digests[index],
  }));
  const rejected = await Promise.all(
    prints
      .filter(({ status }) => status === 'rejected')
      .map(async ({ photo: { image, name }, filter }) => ({
        image,
        name,
        filter,
        reason: await readReason(store, job.job, image, filter),
      })),
  );
  const { job: id, revision, acceptedAt, filters, options } = job;
  const manifest = { job: id, revision, acceptedAt, filters, options, files, rejected };
  yield { path: 'manifest.json', content: [Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`)] };
}

async function* digested(source: NodeJS.ReadableStream, hash: ReturnType<typeof createHash>): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    hash.update(chunk as Buffer);
    yield chunk as Buffer;
  }
}
