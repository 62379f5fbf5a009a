const markers = { quantization: 0xdb, scan: 0xda };

/**
 * How a JPEG quantizes luma: the 64 entries of its first quantization table, in zigzag order. Undefined if it has none of 8 bits.
 * Layout: ITU-T T.81, B.2.4.1: segments of 0xFF, a marker and a length; in DQT, one byte for precision and number, then the entries.
 */
export function lumaTable(bytes: Buffer): Buffer | undefined {
  for (let at = 2; at + 4 < bytes.length && bytes[at] === 0xff; at += 2 + bytes.readUInt16BE(at + 2)) {
    if (bytes[at + 1] === markers.scan) break;
    if (bytes[at + 1] !== markers.quantization || bytes[at + 4] !== 0) continue;
    const entries = bytes.subarray(at + 5, at + 5 + 64);
    return entries.length === 64 ? entries : undefined;
  }
  return undefined;
}

/** How coarsely a JPEG stores luma: the sum of that table, at least 64. 0 if there is none. */
export function coarseness(bytes: Buffer): number {
  return lumaTable(bytes)?.reduce((sum, entry) => sum + entry, 0) ?? 0;
}
