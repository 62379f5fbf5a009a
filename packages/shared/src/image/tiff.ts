const tags = { compression: 259, photometric: 262 };
const ycbcr = 6;
const jpeg = 7;

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
  return valueOf(tags.photometric) === ycbcr && valueOf(tags.compression) !== jpeg;
}
