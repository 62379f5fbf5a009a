/**
 * Whether the (first) picture of a WebP file is compressed without loss.
 * Source: WebP Container Specification: chunks of a name, a size and as many bytes, padded to even; VP8L is the lossless one, and
 * in an animation it lies within ANMF, 16 bytes in.
 */
export function isLosslessWebp(bytes: Buffer): boolean {
  if (bytes.toString('latin1', 8, 12) !== 'WEBP') return false;
  let position = 12;
  while (position + 8 <= bytes.length) {
    const name = bytes.toString('latin1', position, position + 4);
    if (name === 'VP8 ' || name === 'VP8L') return name === 'VP8L';
    const size = bytes.readUInt32LE(position + 4);
    position += name === 'ANMF' ? 8 + 16 : 8 + size + (size % 2);
  }
  return false;
}

const tiff = { compression: 259, photometric: 262, ycbcr: 6, jpeg: 7 };

/**
 * Whether the first page holds YCbCr samples as they are, not within a JPEG: libvips would take them for RGB.
 * Layout: TIFF 6.0, section 2: entries of 12 bytes (tag, type, count, value), after a count, where the header points to.
 */
export function isRawYcbcr(bytes: Buffer): boolean {
  const little = bytes[0] === 0x49;
  const short = (at: number) => (little ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at));
  const start = little ? bytes.readUInt32LE(4) : bytes.readUInt32BE(4);
  const valueOf = (tag: number) => {
    for (let at = start + 2; at < start + 2 + short(start) * 12; at += 12) if (short(at) === tag) return short(at + 8);
    return undefined;
  };
  return valueOf(tiff.photometric) === tiff.ycbcr && valueOf(tiff.compression) !== tiff.jpeg;
}

const markers = { quantization: 0xdb, scan: 0xda };

/**
 * How coarsely a JPEG stores luma: the sum of the 64 entries of its first quantization table, 64 at the finest. 0 where none is found.
 * Layout: ITU-T T.81, B.2.4.1: segments of 0xFF, a marker and a length; in DQT, a byte of precision and number, then the entries.
 */
export function coarseness(bytes: Buffer): number {
  for (let at = 2; at + 4 < bytes.length && bytes[at] === 0xff; at += 2 + bytes.readUInt16BE(at + 2)) {
    if (bytes[at + 1] === markers.scan) break;
    if (bytes[at + 1] !== markers.quantization || bytes[at + 4] !== 0) continue;
    return bytes.subarray(at + 5, at + 5 + 64).reduce((sum, entry) => sum + entry, 0);
  }
  return 0;
}
