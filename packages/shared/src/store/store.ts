import type { Content } from './content.ts';
import type { Range } from './key.ts';

export type { Content, Range };

export interface Entry {
  key: string;
  /** Bytes. */
  size: number;
  modified: Date;
}

export interface Stored extends Entry {
  /** A strong HTTP entity tag, quotes included. */
  etag: string;
}

/**
 * Where everything about a job lives: the state of a job *is* the set of keys that exist.
 * Keys are slash-separated names of letters, digits, dots, dashes and underscores. A name does not start with a dot and has at most
 * 255 characters; a key has at most 512. A key cannot also be a folder of other keys: a file system cannot hold both.
 * Every method throws if the store itself is at fault; absence is not a fault.
 */
export interface Store {
  stat(key: string): Promise<Stored | undefined>;
  /** The bytes, or undefined if there is no such key. The stream must be read to its end or destroyed. */
  read(key: string, range?: Range): Promise<NodeJS.ReadableStream | undefined>;
  /** What `readBytes` and `readChunks` return, where that takes less than a stream. */
  bytes?(key: string): Promise<Buffer | undefined>;
  chunks?(key: string): Promise<AsyncIterable<Buffer> | undefined>;
  /** Creates or replaces, atomically: a reader sees the old bytes or the new ones. On return they are durable, unless they need not be. */
  write(key: string, content: Content, needs?: Needs): Promise<void>;
  /** Creates, unless the key exists. Of several concurrent calls, exactly one returns true. Either way, the key is durable on return. */
  writeOnce(key: string, content: Content, needs?: Needs): Promise<boolean>;
  /** Every key that starts with `prefix`, in no particular order. Keys that come or go meanwhile may or may not be listed. */
  list(prefix: string): AsyncIterable<Entry>;
  /** Removing an absent key is not a fault. On return it stays away, unless it need not: then it may be there again after a power cut. */
  remove(key: string, needs?: Needs): Promise<void>;
  /** A URL from which anybody can download the key for a while, if the store itself can serve it. */
  presign?(key: string, download: Download): Promise<string>;
}

export interface Needs {
  /** False for what means nothing after a power cut, such as a lock. Other processes see the change at once all the same. */
  durable?: boolean;
}

export interface Download {
  /** How long the URL works: 1 s to 7 days. */
  seconds: number;
  /** What the browser saves it as. */
  filename: string;
  /** A media type. */
  type: string;
}

export async function readBytes(store: Store, key: string): Promise<Buffer | undefined> {
  if (store.bytes) return store.bytes(key);
  const stream = await store.read(key);
  if (!stream) return undefined;
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/**
 * The bytes chunk by chunk, or undefined if there is no such key. A chunk is good until the next one is asked for: a store may use its
 * memory again, since whatever is thrown away has to be collected. Must be read to its end.
 */
export async function readChunks(store: Store, key: string): Promise<AsyncIterable<Buffer> | undefined> {
  return store.chunks ? store.chunks(key) : ((await store.read(key)) as AsyncIterable<Buffer> | undefined);
}

export async function readJson(store: Store, key: string): Promise<unknown> {
  const bytes = await readBytes(store, key);
  return bytes && JSON.parse(bytes.toString());
}

export function json(value: unknown): Uint8Array {
  return Buffer.from(`${JSON.stringify(value, null, 2)}\n`);
}

/** The entries below `prefix`, by key. */
export async function entriesOf(store: Store, prefix: string): Promise<Map<string, Entry>> {
  const entries = new Map<string, Entry>();
  for await (const entry of store.list(prefix)) entries.set(entry.key, entry);
  return entries;
}
