import { buffer } from 'node:stream/consumers';
import { Readable } from 'node:stream';
import type { Store, Stored } from '@darkroom/shared/store';
import { chunksOf } from '../../src/store/content.ts';
import { assertKey, assertPrefix, assertRange } from '../../src/store/key.ts';

/** A store without a disk, so that a test clock alone decides what happens when. @param now dates the keys, in milliseconds */
export function memoryStore(now: () => number = Date.now): Store {
  const held = new Map<string, { bytes: Buffer; stored: Stored }>();
  let writes = 0;
  const put = (key: string, bytes: Buffer) => {
    for (const other of held.keys())
      if (other.startsWith(`${key}/`) || key.startsWith(`${other}/`)) throw new Error(`${key} and ${other} cannot both be`);
    writes += 1;
    held.set(key, { bytes, stored: { key, size: bytes.length, modified: new Date(now()), etag: `"${writes}"` } });
  };
  return {
    async stat(key) {
      assertKey(key);
      return held.get(key)?.stored;
    },
    async read(key, range = {}) {
      assertKey(key);
      assertRange(range);
      const found = held.get(key);
      return found && Readable.from([found.bytes.subarray(range.start ?? 0, (range.end ?? Infinity) + 1)], { objectMode: false });
    },
    async write(key, content) {
      assertKey(key);
      const bytes = await buffer(chunksOf(content));
      await others();
      put(key, bytes);
    },
    async writeOnce(key, content) {
      assertKey(key);
      if (held.has(key)) return false;
      const bytes = await buffer(chunksOf(content));
      if (held.has(key)) return false;
      put(key, bytes);
      return true;
    },
    async *list(prefix) {
      assertPrefix(prefix);
      await others();
      for (const [key, { stored }] of held) if (key.startsWith(prefix)) yield stored;
    },
    async remove(key) {
      assertKey(key);
      held.delete(key);
    },
  };
}

/** A caller that asks without end must not block the others. */
const others = () => new Promise<void>((resolve) => process.nextTick(resolve));
