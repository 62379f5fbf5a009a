import { closeSync, constants, fsync, linkSync, lstatSync, openSync, type Stats, statSync, writeSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { chunksOf, type Content } from './content.ts';

// What the kernel answers from memory is asked for without a detour: a call takes microseconds, handing it to a thread and back takes
// twenty times as long, and stages open or look at some 240 files for a photo. What waits for a disk, fsync and bytes in quantity, goes to a thread.

/** Whatever else is here, a pipe keeps nobody waiting for its writer. */
const reading = constants.O_RDONLY | constants.O_NONBLOCK;
/** Bytes: a page or a few, as records, markers and locks have. */
export const smallBytes = 16 * 1024;

/** Gives a new file its bytes. A file on the same file system only gets another name, unless others could not read it then. */
export async function fillFile(draft: string, content: Content, durable: boolean): Promise<void> {
  if (!(content instanceof Uint8Array)) {
    if (!isShared(content.file) || !isLinked(content.file, draft))
      return writeFile(draft, chunksOf(content), { flag: 'wx', flush: durable });
    if (durable) await sync(draft);
    return;
  }
  if (content.length > smallBytes) return writeFile(draft, chunksOf(content), { flag: 'wx', flush: durable });
  const descriptor = openSync(draft, 'wx');
  try {
    for (let written = 0; written < content.length;) written += writeSync(descriptor, content, written);
    if (durable) await flush(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function isShared(file: string): boolean {
  const found = lstatSync(file);
  return found.isFile() && (found.mode & 0o044) === 0o044;
}

/** Not every file system has hard links, and none has them to another. Whatever the reason, the file can be copied. */
function isLinked(file: string, draft: string): boolean {
  try {
    linkSync(file, draft);
    return true;
  } catch {
    return false;
  }
}

/** Until then they are only in memory. */
const flush = (descriptor: number) =>
  new Promise<void>((resolve, reject) => fsync(descriptor, (error) => (error ? reject(error) : resolve())));

/** Of a file its bytes, of a folder its names; what is gone by now has none. */
export async function sync(path: string): Promise<void> {
  const descriptor = openIfThere(path);
  if (descriptor === undefined) return;
  try {
    await flush(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

export function openIfThere(path: string): number | undefined {
  try {
    return openSync(path, reading);
  } catch (error) {
    return absentAsUndefined(error);
  }
}

/** What is there under a name, if it is a file. */
export function fileAt(path: string): Stats | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  return found?.isFile() ? found : undefined;
}

export const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code ?? '';
export const isAbsent = (error: unknown) => ['ENOENT', 'ENOTDIR'].includes(codeOf(error));
export function absentAsUndefined(error: unknown): undefined {
  if (!isAbsent(error)) throw error;
}
