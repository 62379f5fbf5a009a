import { availableParallelism } from 'node:os';
import { promisify } from 'node:util';
import { constants, crc32, deflateRaw } from 'node:zlib';
import type { Samples } from './samples.ts';

const deflate = promisify(deflateRaw);

/** By number of channels: grey, grey and alpha, RGB, RGBA. */
const colourTypes = { 1: 0, 2: 4, 3: 2, 4: 6 } as const;

/** Bytes from which it pays to share the work. */
const share = 256 * 1024;

/**
 * Writes a PNG of 8 bits. libvips can too, but compresses on one processor what a PNG allows to be compressed in parts, one per processor,
 * each ended by a flush instead of a last block: half the time, for bytes that differ by a thousandth.
 * Layout: W3C PNG (Third Edition), 5 (chunks), 11.2; RFC 1950 (the frame of two bytes and a checksum around deflate).
 */
export async function encodePng({ data, channels, width, height }: Samples & { width: number; height: number }): Promise<Buffer> {
  const rows = unfiltered(data, width * channels, height);
  const parts = Math.max(1, Math.min(availableParallelism(), 4, Math.floor(rows.length / share)));
  const length = Math.ceil(rows.length / parts);
  const packing = Array.from({ length: parts }, (_, part) => {
    const finishFlush = part === parts - 1 ? constants.Z_FINISH : constants.Z_SYNC_FLUSH;
    // 2 % larger than at level 6, in two thirds of the time.
    return deflate(rows.subarray(part * length, (part + 1) * length), {
      level: 4,
      memLevel: 9,
      chunkSize: 1024 * 1024,
      finishFlush,
    });
  });
  // Counted while the others compress.
  const checksum = adler32(rows);
  const packed = await Promise.all(packing);

  const header = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 8, colourTypes[channels], 0, 0, 0]);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    ...chunk('IHDR', header),
    ...chunk('IDAT', Buffer.from([0x78, 0x5e])),
    ...packed.flatMap((bytes) => chunk('IDAT', bytes)),
    ...chunk('IDAT', checksum),
    ...chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** Each row behind the number of its filter: 0, none. */
function unfiltered(data: Buffer, stride: number, height: number): Buffer {
  const rows = Buffer.alloc((stride + 1) * height);
  for (let row = 0; row < height; row += 1) data.copy(rows, row * (stride + 1) + 1, row * stride, (row + 1) * stride);
  return rows;
}

function chunk(name: string, data: Buffer): Buffer[] {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(data.length, 0);
  head.write(name, 4, 'latin1');
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(data, crc32(head.subarray(4))));
  return [head, data, sum];
}

/** RFC 1950, 8.2: two sums modulo 65521, which cannot overflow within 3800 bytes. */
function adler32(bytes: Buffer): Buffer {
  let [one, two] = [1, 0];
  for (let start = 0; start < bytes.length; start += 3800) {
    const end = Math.min(bytes.length, start + 3800);
    for (let index = start; index < end; index += 1) {
      one += bytes[index]!;
      two += one;
    }
    one %= 65_521;
    two %= 65_521;
  }
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(two * 65_536 + one);
  return sum;
}
