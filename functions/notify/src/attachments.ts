import type { Job } from '@darkroom/shared/job';
import { archiveName, printName } from '@darkroom/shared/job/names';
import type { Progress } from '@darkroom/shared/job/progress';
import { readBytes, type Store } from '@darkroom/shared/store';

export interface Attachment {
  filename: string;
  type: string;
  content: Buffer;
}

/** The archive if there is one, otherwise the prints; nothing if together they take more than `maxBytes` in a mail. */
export async function attachmentsFor(store: Store, job: Job, progress: Progress, maxBytes: number): Promise<Attachment[]> {
  const files = progress.archive
    ? [{ key: progress.archive.key, bytes: progress.archive.size, type: 'application/zip', filename: archiveName }]
    : progress.prints
        .filter(({ status }) => status === 'succeeded')
        .map(({ key, bytes = 0, type, photo, filter }) => ({ key, bytes, type, filename: printName(job, photo, filter) }));
  if (files.reduce((sum, { bytes, filename }) => sum + encodedBytes(bytes, filename), 0) > maxBytes) return [];
  return Promise.all(
    files.map(async ({ key, type, filename }) => {
      const content = await readBytes(store, key);
      if (!content) throw new Error(`${key} is not in the store`);
      return { filename, type, content };
    }),
  );
}

/** Bytes that a file takes in a mail: base64 in lines of 76 characters (57 bytes), and headers that name it twice, encoded. */
export function encodedBytes(bytes: number, filename: string): number {
  return Math.ceil(bytes / 57) * 78 + 300 + 6 * Buffer.byteLength(filename);
}
