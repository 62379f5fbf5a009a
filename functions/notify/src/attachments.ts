import type { Job } from '@darkroom/shared/job';
import { archiveName, printName } from '@darkroom/shared/job/names';
import type { Progress } from '@darkroom/shared/job/progress';
import type { Store } from '@darkroom/shared/store';

/** A file that travels with a mail. It stays in the store until then, since ten mails of 10 MB would fill the memory of a process. */
export interface Attachment {
  filename: string;
  type: string;
  bytes: number;
  /** Throws if it does not hold as many bytes. */
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

async function* read(store: Store, key: string, bytes: number): AsyncGenerator<Buffer> {
  const source = await store.read(key);
  if (!source) throw new Error(`${key} is not in the store`);
  let missing = bytes;
  for await (const chunk of source as AsyncIterable<Buffer>) {
    missing -= chunk.length;
    yield chunk;
  }
  if (missing !== 0) throw new Error(`${key} does not hold ${bytes} bytes, as it did a moment ago`);
}

/** Bytes that a file takes in a mail: base64 in lines of 76 characters (57 bytes), and headers that name it twice, encoded. */
export function encodedBytes(bytes: number, filename: string): number {
  return Math.ceil(bytes / 57) * 78 + 300 + 6 * Buffer.byteLength(filename);
}
