import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Rejected } from '@darkroom/shared/errors';
import { extensionOf } from '@darkroom/shared/image/formats';
import type { Photo } from '@darkroom/shared/job';
import { makeTemporaryFolder } from '@darkroom/shared/temporary-folder';
import { mostDrained } from '../http/drain.ts';
import { Busy } from '../http/busy.ts';
import { safeName } from '../jobs/file-name.ts';
import type { Settings } from '../settings.ts';
import { StorageFailed } from '../storage.ts';
import type { Disk } from './disk.ts';
import { brokenOff } from './form.ts';
import type { Inspector } from './inspector.ts';
import { decodePart } from './transfer-encoding.ts';

/** What the temporary folders of posts are called by. */
export const spoolPurpose = 'upload';

/** A photo that has arrived and been inspected, waiting on the local disk. */
export interface Arrival {
  photo: Photo;
  /** Path on the local disk. */
  file: string;
  /** SHA-256 of its bytes, in hexadecimal. */
  digest: string;
  /** The upload that it came from, if it did not come with the post. */
  upload?: string;
}

/** A file that arrived but cannot be developed. */
export interface Refused {
  name: string;
  /** A sentence for the person. */
  reason: string;
  /** The matching HTTP status. */
  status: number;
  /** For metrics, in one word. */
  reasonClass: string;
  upload?: string;
}

/** A folder in which the photos of one post wait until all have been inspected. */
export interface Spool {
  /** In order of arrival. */
  arrivals(): Arrival[];
  refused(): Refused[];
  /** Bytes that arrived with the post, whatever became of them. */
  bytes(): number;
  /**
   * Receives one file, with the post or from an upload. If something is wrong with it, that goes into `refused`, and the other files
   * continue.
   * @throws Rejected, Busy or StorageFailed if the whole post cannot continue
   */
  take(source: AsyncIterable<Buffer>, sent: Sent): Promise<void>;
  remove(): Promise<void>;
}

interface Sent {
  name: string | undefined;
  encoding?: string;
  upload?: string;
}

type Limits = Pick<Settings, 'MAX_FILES' | 'MAX_FILE_BYTES'>;

export function openSpool(limits: Limits, disk: Disk, inspector: Inspector): Spool {
  // After a pause there may be no process that inspects: it starts while the photos come.
  inspector.warm();
  const folder = spoolFolder();
  const files: (Arrival | Refused | undefined)[] = [];
  /** Bytes that arrived, that are on disk, and that were skipped because their file is too large. */
  let [came, kept, skipped] = [0, 0, 0];

  /** Streams as many bytes to a file as a photo may have. The rest is read and dropped, so that the next file can come. */
  async function save(source: AsyncIterable<Buffer>, file: string, name: string, isUpload: boolean) {
    const hash = createHash('sha256');
    let bytes = 0;
    let head = Buffer.alloc(0);
    async function* counted() {
      for await (const chunk of source) {
        if (!isUpload) came += chunk.length;
        bytes += chunk.length;
        if (bytes > limits.MAX_FILE_BYTES) {
          skipped += chunk.length;
          if (skipped > mostDrained) throw new Rejected(`${name}: ${tooLarge}`, { status: 413 });
          continue;
        }
        disk.take(chunk.length);
        kept += chunk.length;
        hash.update(chunk);
        if (head.length < 2) head = Buffer.concat([head, chunk.subarray(0, 2)]);
        yield chunk;
      }
    }
    try {
      await pipeline(counted, createWriteStream(file));
    } catch (error) {
      if (error instanceof Rejected || error instanceof Busy || error instanceof StorageFailed) throw error;
      // Disk errors name their system call; all others come from the sender's side.
      throw error instanceof Error && 'syscall' in error ? new StorageFailed(error) : brokenOff(error);
    }
    return { bytes, digest: hash.digest('hex'), isGzip: head[0] === 0x1f && head[1] === 0x8b };
  }

  /** @throws Rejected with what is wrong with this file */
  async function examine(file: string, { bytes, isGzip }: { bytes: number; isGzip: boolean }) {
    if (bytes === 0) throw new Rejected('the file is empty.');
    if (bytes > limits.MAX_FILE_BYTES) throw new Rejected(tooLarge, { status: 413 });
    if (isGzip) throw new Rejected('the file is compressed with gzip. Send the photo as it is.', { status: 415 });
    return inspector.run(file);
  }

  const tooLarge = `the file is larger than ${mebibytes(limits.MAX_FILE_BYTES)}. Send a smaller version of it.`;

  return {
    arrivals: () =>
      files
        .filter((file) => file !== undefined && 'photo' in file)
        .map((file, index) => ({ ...file, photo: { ...file.photo, image: String(index + 1) } })),
    refused: () => files.filter((file) => file !== undefined && 'reason' in file),
    bytes: () => came,
    async take(source, { name: sentName, encoding = 'binary', upload }) {
      const place = files.length;
      if (place === limits.MAX_FILES)
        throw new Rejected(`More than ${limits.MAX_FILES} photos were sent. Send at most ${limits.MAX_FILES} at once.`, {
          status: 413,
        });
      files.push(undefined);
      const file = join(folder, String(place + 1));
      const calledName = safeName(sentName, `Photo ${place + 1}`);
      const decoded = decodePart(encoding, source);
      const saved = await save(decoded ?? source, file, calledName, upload !== undefined);
      // A form without a chosen file sends a part without name and content.
      if (saved.bytes === 0 && !sentName && upload === undefined) return;
      const from = upload === undefined ? {} : { upload };
      try {
        if (!decoded)
          throw new Rejected(`its Content-Transfer-Encoding “${encoding}” is unknown. Send the photo as it is.`, { status: 415 });
        const inspection = await examine(file, saved);
        const name = safeName(sentName, `photo.${extensionOf(inspection.type)}`);
        const { bytes, digest } = saved;
        files[place] = { photo: { image: String(place + 1), name, bytes, ...inspection }, file, digest, ...from };
      } catch (error) {
        if (!(error instanceof Rejected)) throw error;
        files[place] = { name: calledName, reason: error.message, status: error.status, reasonClass: error.reason, ...from };
      }
    },
    async remove() {
      await rm(folder, { recursive: true, force: true });
      disk.give(kept);
    },
  };
}

function spoolFolder(): string {
  try {
    return makeTemporaryFolder(spoolPurpose);
  } catch (cause) {
    throw new StorageFailed(cause);
  }
}

function mebibytes(bytes: number): string {
  const number = bytes / 1024 / 1024;
  return number >= 1 ? `${Math.round(number * 10) / 10} MiB` : `${bytes} bytes (${number.toPrecision(2)} MiB)`;
}
