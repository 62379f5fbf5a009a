import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Rejected } from '@darkroom/shared/errors';
import { extensionOf } from '@darkroom/shared/image/formats';
import type { Photo } from '@darkroom/shared/job';
import type { Settings } from '../settings.ts';
import { StorageFailed } from '../storage.ts';
import { brokenOff } from './broken-off.ts';
import { safeName } from '../jobs/file-name.ts';
import type { Judge } from './judge.ts';

/** A photo that has arrived and was judged, waiting on the local disk. */
export interface Arrival {
  photo: Photo;
  /** Path on the local disk. */
  file: string;
}

/** Where the photos of one request wait until all of them have been judged: a folder of its own. */
export interface Spool {
  readonly arrivals: readonly Arrival[];
  /** @throws Rejected with what is wrong with this photo, by name */
  take(source: AsyncIterable<Buffer>, sentName: string | undefined): Promise<void>;
  remove(): Promise<void>;
}

type Limits = Pick<Settings, 'MAX_FILES' | 'MAX_FILE_BYTES'>;

export async function openSpool(limits: Limits, judge: Judge): Promise<Spool> {
  const folder = await mkdtemp(join(tmpdir(), 'darkroom-upload-')).catch((cause: unknown) => {
    throw new StorageFailed(cause);
  });
  const arrivals: Arrival[] = [];

  return {
    arrivals,
    async take(source, sentName) {
      if (arrivals.length === limits.MAX_FILES)
        throw new Rejected(`More than ${limits.MAX_FILES} photos were sent. Send at most ${limits.MAX_FILES} at once.`, {
          status: 413,
        });
      const image = String(arrivals.length + 1);
      const file = join(folder, image);
      const calledName = safeName(sentName, `Photo ${image}`);
      const bytes = await save(source, file, limits.MAX_FILE_BYTES, calledName);
      // A form in which no file was chosen sends a part without name and content.
      if (bytes === 0 && !sentName) return;
      if (bytes === 0) throw new Rejected(`${calledName}: the file is empty.`);
      const { type, width, height } = await judge.run(file).catch((error: unknown) => {
        if (!(error instanceof Rejected)) throw error;
        throw new Rejected(`${calledName}: ${error.message}`, { status: error.status, cause: error.cause });
      });
      const name = safeName(sentName, `photo.${extensionOf(type)}`);
      arrivals.push({ photo: { image, name, type, bytes, width, height }, file });
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Streams to a file, and answers how many bytes there were. Exactly `most` are still fine. */
async function save(source: AsyncIterable<Buffer>, file: string, most: number, name: string): Promise<number> {
  let bytes = 0;
  async function* counted() {
    for await (const chunk of source) {
      bytes += chunk.length;
      if (bytes > most)
        throw new Rejected(`${name}: the file is larger than ${mebibytes(most)}. Send a smaller version of it.`, { status: 413 });
      yield chunk;
    }
  }
  try {
    await pipeline(counted, createWriteStream(file));
  } catch (error) {
    if (error instanceof Rejected) throw error;
    // Faults of the disk name their system call; all others come from the sender's side.
    throw error instanceof Error && 'syscall' in error ? new StorageFailed(error) : brokenOff(error);
  }
  return bytes;
}

function mebibytes(bytes: number): string {
  const number = bytes / 1024 / 1024;
  return number >= 1 ? `${Math.round(number * 10) / 10} MiB` : `${bytes} bytes (${number.toPrecision(2)} MiB)`;
}
