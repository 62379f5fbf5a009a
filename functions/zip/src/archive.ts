import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Rejected } from '@darkroom/shared/errors';
import { type Job, readReason } from '@darkroom/shared/job';
import { keys } from '@darkroom/shared/job/keys';
import { noteOf } from '@darkroom/shared/job/note';
import { archivePath } from '@darkroom/shared/job/names';
import type { Print } from '@darkroom/shared/job/progress';
import { metrics } from '@darkroom/shared/metrics';
import { readChunks, type Store } from '@darkroom/shared/store';
import { makeTemporaryFolder } from '@darkroom/shared/temporary-folder';
import { createZip, type ZipFile } from './zip-file.ts';

/** What the temporary folders of archives are called by. */
export const archivePurpose = 'archive';

/** ZIP without its 64-bit extension counts bytes in 32 bits; this leaves a little room for headers and the manifest. */
const maxBytes = 0xffff_ffff - 64 * 1024 * 1024;

interface Member {
  path: string;
  key: string;
  bytes: number;
  image: string;
  /** The name that the photo was sent with. */
  name: string;
  /** "original", or the name of the filter that made it. */
  made: string;
  type: string;
}

/**
 * Packs originals, prints and manifest.json into the job's archive: the same bytes for the same job.
 * @param mayStore called when everything is packed, right before it is stored
 * @returns whether there now is an archive, whoever packed it
 * @throws Rejected if there can be no archive, in words for the person
 */
export async function pack(
  store: Store,
  job: Job,
  prints: Print[],
  signal: AbortSignal,
  mayStore: () => Promise<boolean>,
): Promise<boolean> {
  const members = membersOf(job, prints);
  if (members.reduce((sum, { bytes }) => sum + bytes, 0) > maxBytes)
    throw new Rejected('The prints are too large together for one ZIP file (4 GB). Download them one by one.');
  const folder = makeTemporaryFolder(archivePurpose);
  try {
    const file = join(folder, 'archive.zip');
    const zip = await createZip(file, new Date(job.acceptedAt));
    try {
      await addMembers(zip, store, job, members, prints, signal);
      await zip.finish();
    } finally {
      await zip.close();
    }
    if (!(await mayStore())) return false;
    if (await store.writeOnce(keys.archive(job.job), { file }))
      metrics.archives.inc({ revision: job.revision, outcome: 'packed' });
    return true;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function membersOf(job: Job, prints: Print[]): Member[] {
  const originals = job.images.map((photo) => {
    const { image, name, type, bytes } = photo;
    return {
      path: archivePath(job, photo, 'original'),
      key: keys.original(job.job, photo),
      bytes,
      image,
      name,
      made: 'original',
      type,
    };
  });
  const made = prints.filter(({ status }) => status === 'succeeded');
  const results = made.map(({ photo, filter, type, bytes = 0, key }) => {
    const { image, name } = photo;
    return { path: archivePath(job, photo, filter), key, bytes, image, name, made: filter, type };
  });
  return [...originals, ...results];
}

/** Adds the members in order, and finally the manifest, which needs the digests of all the others. */
async function addMembers(zip: ZipFile, store: Store, job: Job, members: Member[], prints: Print[], signal: AbortSignal) {
  const files: object[] = [];
  for (const { path, key, image, name, made, type, bytes } of members) {
    signal.throwIfAborted();
    const source = await readChunks(store, key);
    if (!source) throw damaged(name);
    const hash = createHash('sha256');
    let read = 0;
    const passing = async function* () {
      for await (const chunk of source) {
        signal.throwIfAborted();
        hash.update(chunk);
        read += chunk.length;
        yield chunk;
      }
    };
    await zip.add(path, passing());
    if (read !== bytes) throw damaged(name);
    files.push({ path, image, name, made, type, bytes, sha256: hash.digest('hex') });
  }
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
  const notes = job.images.flatMap((photo) => {
    const note = noteOf(job, photo);
    return note === undefined ? [] : [{ image: photo.image, name: photo.name, note }];
  });
  const { revision, acceptedAt, filters, options, refused = [] } = job;
  // Without the id of the job: an archive is passed on, and whoever knows the id can delete the job.
  const manifest = { revision, acceptedAt, filters, options, files, notes, rejected, refused };
  await zip.add('manifest.json', [Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`)]);
}

/** A stored file is gone or truncated: no retry brings it back. */
const damaged = (name: string) =>
  new Rejected(`A file of ${name} is damaged in the store, so that there is no ZIP file. Download the prints one by one.`);
