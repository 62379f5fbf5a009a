import { Zip, ZipPassThrough } from 'fflate';

export interface ZipEntry {
  path: string;
  content: Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
}

/**
 * The bytes of a ZIP, entry by entry as they are read. Stored, not deflated: images are compressed already. Being a generator,
 * it reads on only when its reader asks, so that memory stays at one chunk.
 * @param modified goes into every entry, as UTC
 */
export async function* zipped(entries: AsyncIterable<ZipEntry>, modified: Date): AsyncGenerator<Uint8Array> {
  const ready: Uint8Array[] = [];
  const zip = new Zip((error, chunk) => {
    if (error) throw error;
    ready.push(chunk);
  });
  // ZIP knows only local time; shifted, so that the bytes do not depend on where the function runs.
  const mtime = new Date(modified.getTime() + modified.getTimezoneOffset() * 60_000);
  for await (const { path, content } of entries) {
    const file = new ZipPassThrough(path);
    file.mtime = mtime;
    zip.add(file);
    for await (const chunk of content) {
      file.push(chunk);
      yield* ready.splice(0);
    }
    file.push(new Uint8Array(), true);
    yield* ready.splice(0);
  }
  zip.end();
  yield* ready.splice(0);
}
