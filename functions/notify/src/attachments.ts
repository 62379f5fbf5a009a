import type { Job } from '@darkroom/shared/job';
import { coverOf } from '@darkroom/shared/job/cover';
import { keys } from '@darkroom/shared/job/keys';
import { archiveName, printName } from '@darkroom/shared/job/names';
import type { Progress } from '@darkroom/shared/job/progress';
import { readChunks, type Store } from '@darkroom/shared/store';

/** A file that travels with a mail. It stays in the store until then, since ten mails of 10 MB would fill the memory of a process. */
export interface Attachment {
  filename: string;
  type: string;
  bytes: number;
  /** The Content-ID by which the HTML shows it, if it does (RFC 2392). */
  cid?: string;
  /** A chunk is good until the next one is asked for. Throws if it does not hold as many bytes. */
  read(): AsyncIterable<Buffer>;
}

/** The archive if there is one, otherwise the prints; nothing if together they take more than `maxBytes` in a mail. */
export function attachmentsFor(store: Store, job: Job, progress: Progress, maxBytes: number): Attachment[] {
  const files = progress.archive
    ? [{ key: progress.archive.key, bytes: progress.archive.size, type: 'application/zip', filename: archiveName }]
    : progress.prints
        .filter(({ status }) => status === 'succeeded')
        .map(({ key, bytes = 0, type, photo, filter }) => ({ key, bytes, type, filename: printName(job, photo, filter) }));
  if (files.reduce((sum, { bytes, filename }) => sum + encodedBytes(bytes, filename), 0) > maxBytes) return [];
  return files.map(({ key, bytes, ...named }) => ({ ...named, bytes, read: () => read(store, key, bytes) }));
}

/** The picture that the mail shows; none if its print was not made, or it takes more than `maxBytes`. */
export async function coverFor(store: Store, job: Job, { prints }: Progress, maxBytes: number): Promise<Attachment | undefined> {
  const cover = coverOf(job);
  const isMade = prints.some(
    ({ photo, filter, status }) => photo.image === cover?.photo.image && filter === cover.filter && status === 'succeeded',
  );
  const stored = isMade ? await store.stat(keys.cover(job.job)) : undefined;
  if (!stored || encodedBytes(stored.size, coverName) > maxBytes) return undefined;
  const { key, size: bytes } = stored;
  return { filename: coverName, type: 'image/jpeg', bytes, read: () => read(store, key, bytes) };
}

/** What the picture is called where it is saved, or listed. */
const coverName = 'print.jpg';

async function* read(store: Store, key: string, bytes: number): AsyncGenerator<Buffer> {
  const source = await readChunks(store, key);
  if (!source) throw new Error(`${key} is not in the store`);
  let missing = bytes;
  for await (const chunk of source) {
    missing -= chunk.length;
    yield chunk;
  }
  if (missing !== 0) throw new Error(`${key} does not hold ${bytes} bytes, as it did a moment ago`);
}

/** Bytes that a file takes in a mail: base64 in lines of 76 characters (57 bytes), and headers that name it twice, encoded; for what is shown, also those around it. */
export function encodedBytes(bytes: number, filename: string): number {
  return Math.ceil(bytes / 57) * 78 + 400 + 6 * Buffer.byteLength(filename);
}
