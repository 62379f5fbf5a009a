import { closeSync, createReadStream, read, readSync } from 'node:fs';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { pieceBytes } from './content.ts';
import type { Range } from './key.ts';
import { fileAt, openIfThere, smallBytes } from './local-file.ts';

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
