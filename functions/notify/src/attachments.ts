import type { Job } from '@darkroom/shared/job';
import { archiveName, printName } from '@darkroom/shared/job/names';
import type { Progress } from '@darkroom/shared/job/progress';
import { readBytes, type Store } from '@darkroom/shared/store';

export interface Attachment {
  filename: string;
  type: string;
  content: Buffer;
}

/** The archive where there is one, else the prints; none at all when together they exceed `maxBytes`. */
export async function attachmentsFor(store: Store, job: Job, progress: Progress, maxBytes: number): Promise<Attachment[]> {
  const files = progress.archive
    ? [{ key: progress.archive.key, bytes: progress.archive.size, type: 'application/zip', filename: archiveName }]
    : progress.prints
        .filter(({ status }) => status === 'succeeded')
        .map(({ key, bytes = 0, type, photo, filter }) => ({
          key,
          bytes,
          type,
          filename: printName(job, photo, filter),
        }));
  if (files.reduce((sum, { bytes }) => sum + bytes, 0) > maxBytes) return [];
  return Promise.all(
    files.map(async ({ key, type, filename }) => {
      const content = await readBytes(store, key);
      if (!content) throw new Error(`${key} is not in the store`);
      return { filename, type, content };
    }),
  );
}
