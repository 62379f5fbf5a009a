import { createReadStream } from 'node:fs';

/** Bytes in memory, or the path of a local file that holds them, and that nobody changes any more: it may be removed, but stays in use. */
export type Content = Uint8Array | { file: string };

/** Bytes that are read and written at once. */
export const pieceBytes = 256 * 1024;

/** Yields content piece by piece, however large. A file is opened when the first piece is requested, and closed at the end. */
export async function* chunksOf(content: Content): AsyncGenerator<Uint8Array> {
  if (!(content instanceof Uint8Array))
    yield* createReadStream(content.file, { highWaterMark: pieceBytes }) as AsyncIterable<Uint8Array>;
  else for (let start = 0; start < content.length; start += pieceBytes) yield content.subarray(start, start + pieceBytes);
}
