/**
 * Damaged copies of good files, the same for the same seed: flipped bits, overwritten and missing ranges, false lengths.
 * @param count how many, over all originals in turn
 */
export function* mutations(originals: readonly Buffer[], count: number, seed: number): Generator<Buffer> {
  const random = generator(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  for (let turn = 0; turn < count; turn += 1) {
    const bytes = Buffer.from(originals[turn % originals.length]!);
    for (let times = 1 + below(4); times > 0; times -= 1) {
      // Half of the damage hits the headers.
      const at = below(random() < 0.5 ? Math.min(200, bytes.length - 4) : bytes.length - 4);
      const kind = below(4);
      if (kind === 0) bytes[at] = bytes[at]! ^ (1 << below(8));
      else if (kind === 1) bytes.fill(below(256), at, Math.min(bytes.length, at + below(16)));
      else if (kind === 2) bytes.writeUInt32BE([0, 0xffffffff, 0x7fffffff, 0x80000000, 65_536][below(5)]!, at);
      else bytes.copyWithin(at, Math.min(bytes.length, at + below(64)));
    }
    yield below(8) === 0 ? bytes.subarray(0, below(bytes.length)) : bytes;
  }
}

/** The same, with damage only after a mark that is followed by pixels, so that they reach their decoder. */
export function* mutationsAfter(mark: string, originals: readonly Buffer[], count: number, seed: number): Generator<Buffer> {
  const starts = originals.map((bytes) => bytes.indexOf(mark, 0, 'latin1') + mark.length);
  const tails = originals.map((bytes, index) => bytes.subarray(starts[index]));
  let turn = 0;
  for (const damaged of mutations(tails, count, seed)) {
    const index = turn++ % originals.length;
    yield Buffer.concat([originals[index]!.subarray(0, starts[index]), damaged]);
  }
}

/** mulberry32: small, seeded, even enough. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
