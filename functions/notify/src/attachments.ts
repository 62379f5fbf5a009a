import { extensionOf } from '@darkroom/shared/image/formats';
import type { Job } from '@darkroom/shared/job';
import type { Progress } from '@darkroom/shared/job/progress';
import { readBytes, type Store } from '@darkroom/shared/store';
import { distinctStems } from './names.ts';

export interface Attachment {
  filename: string;
  type: string;
  content: Buffer;
}

/** The archive where there is one, else the prints; none at all when together they take more than `maxBytes` of a mail. */
export async function attachmentsFor(store: Store, job: Job, progress: Progress, maxBytes: number): Promise<Attachment[]> {
  const files = progress.archive
    ? [{ key: progress.archive.key, bytes: progress.archive.size, type: 'application/zip', filename: 'darkroom-prints.zip' }]
    : printsOf(job, progress);
  if (files.reduce((sum, { bytes, filename }) => sum + encodedBytes(bytes, filename), 0) > maxBytes) return [];
  return Promise.all(
    files.map(async ({ key, type, filename }) => {
      const content = await readBytes(store, key);
      if (!content) throw new Error(`${key} is not in the store`);
      return { filename, type, content };
    }),
  );
}

function printsOf({ images }: Job, { prints }: Progress) {
  const stems = distinctStems(images.map(({ name }) => name));
  const stemOf = new Map(images.map(({ image }, index) => [image, stems[index]!]));
  return prints
    .filter(({ status }) => status === 'succeeded')
    .map(({ key, bytes = 0, type, photo, filter }) => ({
      key,
      bytes,
      type,
      filename: `${stemOf.get(photo.image)}-${filter}.${extensionOf(type)}`,
    }));
}

/** Bytes that a file takes in a mail: base64 in lines of 76 characters (57 bytes), and headers that name it twice, encoded. */
export function encodedBytes(bytes: number, filename: string): number {
  return Math.ceil(bytes / 57) * 78 + 300 + 6 * Buffer.byteLength(filename);
}
