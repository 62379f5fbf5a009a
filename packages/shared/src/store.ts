import { Misconfigured } from './errors.ts';
import { fileStore } from './file-store.ts';

/** Bytes in memory, or the path of a local file whose bytes are meant. */
export type Content = Uint8Array | { file: string };

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
 * Keys are slash-separated names of letters, digits, dot, dash and underscore.
 * Every method throws on a fault of the store itself; absence is not a fault.
 */
export interface Store {
  stat(key: string): Promise<Stored | undefined>;
  /** The bytes from `start` to `end`, both inclusive and optional, or undefined where there is no such key. */
  read(key: string, range?: { start?: number; end?: number }): Promise<NodeJS.ReadableStream | undefined>;
  /** Creates or replaces, atomically: a reader sees the old bytes or the new ones. On return they are durable. */
  write(key: string, content: Content): Promise<void>;
  /** Creates, unless the key exists. Of several at once exactly one answers true. */
  writeOnce(key: string, content: Content): Promise<boolean>;
  /** Every key that starts with `prefix`, in no particular order. */
  list(prefix: string): AsyncIterable<Entry>;
  /** Removing what is absent is no fault. */
  remove(key: string): Promise<void>;
}

/** @param location `file:/absolute/folder` */
export function openStore(location: string): Store {
  const { protocol, pathname } = new URL(location);
  if (protocol === 'file:') return fileStore(decodeURIComponent(pathname));
  throw new Misconfigured(`STORE_URL: no store speaks "${protocol}". Use file:/absolute/folder.`);
}

export async function readBytes(store: Store, key: string): Promise<Buffer | undefined> {
  const stream = await store.read(key);
  if (!stream) return undefined;
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

export async function readJson(store: Store, key: string): Promise<unknown> {
  const bytes = await readBytes(store, key);
  return bytes && JSON.parse(bytes.toString());
}

export function json(value: unknown): Uint8Array {
  return Buffer.from(`${JSON.stringify(value, null, 2)}\n`);
}

/** The entries below `prefix` by key. */
export async function entriesOf(store: Store, prefix: string): Promise<Map<string, Entry>> {
  const entries = new Map<string, Entry>();
  for await (const entry of store.list(prefix)) entries.set(entry.key, entry);
  return entries;
}
