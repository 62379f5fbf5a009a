/** A chunk of a WebP file. */
interface Chunk {
  name: string;
  /** Offset of the name. */
  at: number;
  /** Offset of the content. */
  start: number;
  size: number;
}

/** Source: WebP Container Specification: after 12 bytes, chunks of a name, a size, and that many bytes, padded to an even number. */
export function* chunksOf(bytes: Buffer): Generator<Chunk> {
  for (let at = 12; at + 8 <= bytes.length;) {
    const size = bytes.readUInt32LE(at + 4);
    yield { name: bytes.toString('latin1', at, at + 4), at, start: at + 8, size };
    at += 8 + size + (size % 2);
  }
}

/** Whether the first picture of a WebP file is lossless. In an animation it lies within ANMF, 16 bytes in. */
export function isLosslessWebp(bytes: Buffer): boolean {
  if (bytes.toString('latin1', 8, 12) !== 'WEBP') return false;
  for (const { name, start, size } of chunksOf(bytes)) {
    if (name === 'VP8 ' || name === 'VP8L') return name === 'VP8L';
    if (name !== 'ANMF') continue;
    const end = Math.min(start + size, bytes.length);
    for (let at = start + 16; at + 8 <= end;) {
      const inner = bytes.toString('latin1', at, at + 4);
      if (inner === 'VP8 ' || inner === 'VP8L') return inner === 'VP8L';
      const length = bytes.readUInt32LE(at + 4);
      at += 8 + length + (length % 2);
    }
  }
  return false;
}
