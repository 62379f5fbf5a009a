import {
  closeSync,
  constants,
  createReadStream,
  fsync,
  linkSync,
  lstatSync,
  openSync,
  read,
  readSync,
  type Stats,
  statSync,
  writeSync,
} from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { chunksOf, type Content, pieceBytes } from './content.ts';
import type { Range } from './key.ts';

// What the kernel answers from memory is asked for without a detour: a call takes microseconds, handing it to a thread and back takes
// twenty times as long, and stages open or look at some 240 files for a photo. What waits for a disk, fsync and bytes in quantity, goes to a thread.

/** Whatever else is here, a pipe keeps nobody waiting for its writer. */
const reading = constants.O_RDONLY | constants.O_NONBLOCK;
/** Bytes: a page or a few, as records, markers and locks have. */
const smallBytes = 16 * 1024;

/** Nobody changes a file that is stored, so its size says where it ends, and how much to read at once. */
export function readFile(path: string, { start = 0, end = Infinity }: Range): Readable | undefined {
  const found = fileAt(path);
  if (!found) return undefined;
  const last = Math.min(end, found.size - 1);
  if (last < start) return Readable.from([], { objectMode: false });
  const descriptor = openIfThere(path);
  if (descriptor === undefined) return undefined;
  const bytes = last - start + 1;
  if (bytes > smallBytes)
    return createReadStream('', { fd: descriptor, start, end: last, highWaterMark: Math.min(pieceBytes, bytes) });
  try {
    return Readable.from([readNow(descriptor, start, bytes)], { objectMode: false });
  } finally {
    closeSync(descriptor);
  }
}

function readNow(descriptor: number, start: number, bytes: number): Buffer {
  const content = Buffer.allocUnsafe(bytes);
  return content.subarray(0, readSync(descriptor, content, 0, bytes, start));
}

const readInto = promisify(read);
/** Memory of chunks that have been read, for others. */
const spare: Buffer[] = [];
const mostSpare = 4;

/** As `readBytes` has it. */
export async function bytesOfFile(path: string): Promise<Buffer | undefined> {
  const opened = openFile(path);
  if (!opened) return undefined;
  const { descriptor, size } = opened;
  try {
    if (size <= smallBytes) return readNow(descriptor, 0, size);
    const content = Buffer.allocUnsafeSlow(size);
    for (let at = 0, end; at < size; at = end) {
      end = at + (await readInto(descriptor, content, at, size - at, at)).bytesRead;
      if (end === at) return content.subarray(0, end);
    }
    return content;
  } finally {
    closeSync(descriptor);
  }
}

/** As `readChunks` has it. */
export function chunksOfFile(path: string): AsyncGenerator<Buffer> | undefined {
  const opened = openFile(path);
  return opened && chunks(opened.descriptor);
}

function openFile(path: string): { descriptor: number; size: number } | undefined {
  const size = fileAt(path)?.size;
  const descriptor = size === undefined ? undefined : openIfThere(path);
  return descriptor === undefined ? undefined : { descriptor, size: size! };
}

async function* chunks(descriptor: number): AsyncGenerator<Buffer> {
  const memory = spare.pop() ?? Buffer.allocUnsafeSlow(pieceBytes);
  try {
    for (let at = 0, end; ; at = end) {
      const { bytesRead } = await readInto(descriptor, memory, 0, memory.length, at);
      if (bytesRead === 0) return;
      end = at + bytesRead;
      yield memory.subarray(0, bytesRead);
    }
  } finally {
    closeSync(descriptor);
    if (spare.length < mostSpare) spare.push(memory);
  }
}

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

function openIfThere(path: string): number | undefined {
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
