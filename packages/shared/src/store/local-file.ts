import { constants, createReadStream } from 'node:fs';
import { link, lstat, open, stat, writeFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { chunksOf, type Content, pieceBytes } from './content.ts';
import type { Range } from './key.ts';

/** Whatever else is here, a pipe keeps nobody waiting for its writer. */
const reading = constants.O_RDONLY | constants.O_NONBLOCK;

/** Nobody changes a file that is stored, so its size says where it ends, and how much to read at once. */
export async function readFile(path: string, { start = 0, end = Infinity }: Range): Promise<Readable | undefined> {
  const handle = await open(path, reading).catch(absentAsUndefined);
  if (!handle) return undefined;
  try {
    const found = await handle.stat();
    const last = Math.min(end, found.size - 1);
    if (found.isFile() && last >= start)
      return createReadStream('', { fd: handle, start, end: last, highWaterMark: Math.min(pieceBytes, last - start + 1) });
    await handle.close();
    return found.isFile() ? Readable.from([], { objectMode: false }) : undefined;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Gives a new file its bytes. A file on the same file system only gets another name, unless others could not read it then. */
export async function fillFile(draft: string, content: Content, durable: boolean): Promise<void> {
  if (content instanceof Uint8Array || !(await isShared(content.file)) || !(await isLinked(content.file, draft)))
    return writeFile(draft, chunksOf(content), { flag: 'wx', flush: durable });
  if (durable) await sync(draft);
}

async function isShared(file: string): Promise<boolean> {
  const found = await lstat(file);
  return found.isFile() && (found.mode & 0o044) === 0o044;
}

/** Not every file system has hard links, and none has them to another. Whatever the reason, the file can be copied. */
const isLinked = (file: string, draft: string) =>
  link(file, draft).then(
    () => true,
    () => false,
  );

/** Of a file its bytes, of a folder its names; what is gone by now has none. */
export async function sync(path: string): Promise<void> {
  const handle = await open(path).catch(absentAsUndefined);
  try {
    await handle?.sync();
  } finally {
    await handle?.close();
  }
}

export const isFile = async (path: string) => (await stat(path).catch(absentAsUndefined))?.isFile() ?? false;
export const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code ?? '';
export const isAbsent = (error: unknown) => ['ENOENT', 'ENOTDIR'].includes(codeOf(error));
export function absentAsUndefined(error: unknown): undefined {
  if (!isAbsent(error)) throw error;
}
