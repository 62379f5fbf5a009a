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
