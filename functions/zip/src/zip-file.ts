import { type FileHandle, open } from 'node:fs/promises';
import { crc32 } from 'node:zlib';

/** Fixed-size parts of the format: APPNOTE.TXT, 4.3.7, 4.3.12 and 4.3.16. */
const localHeader = 0x04034b50;
const centralHeader = 0x02014b50;
const endRecord = 0x06054b50;
/** What a reader must know: ZIP 2.0. */
const version = 20;
/** Names are UTF-8. */
const flags = 1 << 11;

interface Entry {
  name: Buffer;
  crc: number;
  bytes: number;
  offset: number;
}

/** A ZIP file that grows entry by entry. */
export interface ZipFile {
  /** Appends a file while reading it. A chunk has been written before the next one is asked for. */
  add(path: string, content: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<void>;
  /** Writes the directory at the end. */
  finish(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Writes a ZIP of less than 4 GiB and 65,536 entries. Entries are stored, not deflated: images are already compressed. Libraries that
 * stream entries put size and checksum after them, so that a reader working from a stream cannot find the end of a stored entry. Here they
 * go into the header of the entry, once its last byte is written.
 *
 * @param file path of a file that does not exist yet
 * @param modified goes into every entry, as UTC, limited to the years that ZIP supports: 1980 to 2107
 */
export async function createZip(file: string, modified: Date): Promise<ZipFile> {
  const handle = await open(file, 'wx');
  const time = dosTime(modified);
  const entries: Entry[] = [];
  let end = 0;

  async function append(bytes: Uint8Array): Promise<void> {
    await writeAll(handle, bytes, end);
    end += bytes.length;
  }

  return {
    async add(path, content) {
      const entry = { name: Buffer.from(path), crc: 0, bytes: 0, offset: end };
      end += localLength(entry);
      for await (const chunk of content) {
        entry.crc = crc32(chunk, entry.crc);
        entry.bytes += chunk.length;
        await append(chunk);
      }
      await writeAll(handle, localPart(entry, time), entry.offset);
      entries.push(entry);
    },
    async finish() {
      const directory = Buffer.concat(entries.map((entry) => centralPart(entry, time)));
      await append(Buffer.concat([directory, endPart(entries.length, directory.length, end)]));
    },
    close: () => handle.close(),
  };
}

async function writeAll(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let written = 0; written < bytes.length;)
    written += (await handle.write(bytes, written, bytes.length - written, position + written)).bytesWritten;
}

const localLength = ({ name }: Entry) => 30 + name.length;

function localPart(entry: Entry, time: number): Buffer {
  const part = Buffer.alloc(localLength(entry));
  part.writeUInt32LE(localHeader, 0);
  writeCommon(part, entry, time, 4);
  entry.name.copy(part, 30);
  return part;
}

function centralPart(entry: Entry, time: number): Buffer {
  const part = Buffer.alloc(46 + entry.name.length);
  part.writeUInt32LE(centralHeader, 0);
  part.writeUInt16LE(version, 4);
  writeCommon(part, entry, time, 6);
  part.writeUInt32LE(entry.offset, 42);
  entry.name.copy(part, 46);
  return part;
}

/** Version, flags, method (0: stored), time, checksum, both sizes, length of the name. */
function writeCommon(part: Buffer, { name, crc, bytes }: Entry, time: number, at: number): void {
  part.writeUInt16LE(version, at);
  part.writeUInt16LE(flags, at + 2);
  part.writeUInt32LE(time, at + 6);
  part.writeUInt32LE(crc, at + 10);
  part.writeUInt32LE(bytes, at + 14);
  part.writeUInt32LE(bytes, at + 18);
  part.writeUInt16LE(name.length, at + 22);
}

function endPart(count: number, size: number, offset: number): Buffer {
  const part = Buffer.alloc(22);
  part.writeUInt32LE(endRecord, 0);
  part.writeUInt16LE(count, 8);
  part.writeUInt16LE(count, 10);
  part.writeUInt32LE(size, 12);
  part.writeUInt32LE(offset, 16);
  return part;
}

/** ZIP has local time without a zone. UTC, so that the bytes do not depend on where the function runs. */
function dosTime(date: Date): number {
  const first = Date.UTC(1980, 0, 1);
  const last = Date.UTC(2107, 11, 31, 23, 59, 58);
  const d = new Date(Math.min(Math.max(date.getTime(), first), last));
  const day = ((d.getUTCFullYear() - 1980) << 9) | ((d.getUTCMonth() + 1) << 5) | d.getUTCDate();
  const second = (d.getUTCHours() << 11) | (d.getUTCMinutes() << 5) | (d.getUTCSeconds() >> 1);
  return day * 0x10000 + second;
}
