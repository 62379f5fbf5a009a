const markers = { quantization: 0xdb, scan: 0xda };

/**
 * How coarsely a JPEG stores luma: the sum of the 64 entries in its first quantization table, at least 64. 0 if there is none.
 * Layout: ITU-T T.81, B.2.4.1: segments of 0xFF, a marker and a length; in DQT, one byte for precision and number, then the entries.
 */
export function coarseness(bytes: Buffer): number {
  for (let at = 2; at + 4 < bytes.length && bytes[at] === 0xff; at += 2 + bytes.readUInt16BE(at + 2)) {
    if (bytes[at + 1] === markers.scan) break;
    if (bytes[at + 1] !== markers.quantization || bytes[at + 4] !== 0) continue;
    return bytes.subarray(at + 5, at + 5 + 64).reduce((sum, entry) => sum + entry, 0);
  }
  return 0;
}
