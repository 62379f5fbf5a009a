import { readBytes, type Store } from './store.ts';

/** What a lock is in the store: one key `<lock>/<number>` per holder, of which the highest counts. */
export interface Term {
  number: number;
  /** Changes with every sign of life. */
  content: string;
  released: boolean;
}

const mark = 'released';

/** The last content of a term, which lets the next holder in at once. */
export const released = (token: string) => Buffer.from(`${token} ${mark}\n`);

export async function currentTerm(store: Store, key: string): Promise<Term | undefined> {
  for (;;) {
    const number = await latestNumber(store, key);
    if (number === undefined) return undefined;
    const content = (await readBytes(store, `${key}/${number}`))?.toString();
    // Otherwise a later term has replaced it.
    if (content !== undefined) return { number, content, released: content.trimEnd().endsWith(mark) };
  }
}

export async function latestNumber(store: Store, key: string): Promise<number | undefined> {
  const numbers = await termsOf(store, key);
  return numbers.length > 0 ? Math.max(...numbers) : undefined;
}

export async function removeTermsBefore(store: Store, key: string, number: number): Promise<void> {
  for (const earlier of await termsOf(store, key))
    if (earlier < number) await store.remove(`${key}/${earlier}`, { durable: false });
}

async function termsOf(store: Store, key: string): Promise<number[]> {
  const numbers: number[] = [];
  for await (const entry of store.list(`${key}/`)) numbers.push(Number(entry.key.slice(key.length + 1)));
  return numbers;
}
