import { readBytes } from '@darkroom/shared/store';
import { expect, test } from 'vitest';
import type { StoreLab } from './store-lab.ts';

/** Concurrent access. */
export function testRaces(lab: StoreLab) {
  const { text, listed, fileOf } = lab;

  test('a reader sees the old bytes or the new ones while a writer is at work', async () => {
    const contents = ['a', 'b', 'c'].map((letter) => Buffer.alloc(400_000, letter));
    await lab.store.write('shared', contents[0]!);
    const state = { writing: true };
    const writer = (async () => {
      for (let round = 0; round < 30; round += 1) await lab.store.write('shared', contents[round % 3]!);
      state.writing = false;
    })();
    let reads = 0;
    while (state.writing) {
      const bytes = (await readBytes(lab.store, 'shared'))!;
      expect(contents.some((content) => content.equals(bytes))).toBe(true);
      reads += 1;
    }
    await writer;
    expect(reads).toBeGreaterThan(5);
  });

  test.each([
    ['bytes', async (bytes: Buffer) => Promise.resolve(bytes)],
    ['a file', fileOf],
  ])('of 20 that write once from %s one wins, and its bytes stay', async (_source, contentOf) => {
    for (let round = 0; round < 5; round += 1) {
      const key = `once/${round}/key`;
      const contents = await Promise.all(
        Array.from({ length: 20 }, (_, writer) => contentOf(Buffer.alloc(20_000, `${writer};`))),
      );
      const won = await Promise.all(contents.map((content) => lab.store.writeOnce(key, content)));
      expect(won.filter(Boolean)).toHaveLength(1);
      const winner = Buffer.alloc(20_000, `${won.indexOf(true)};`).toString();
      expect(await text(key)).toBe(winner);
      expect(await lab.store.writeOnce(key, contents[0]!)).toBe(false);
      expect(await text(key)).toBe(winner);
    }
    expect(await listed('')).toHaveLength(5);
  });

  test('a removed key can be written once again', async () => {
    expect(await lab.store.writeOnce('once', Buffer.from('1'))).toBe(true);
    await lab.store.remove('once');
    expect(await lab.store.writeOnce('once', Buffer.from('2'))).toBe(true);
    expect(await text('once')).toBe('2');
  });

  test('writers, removers and readers of neighbouring keys do not disturb each other', async () => {
    // Removing the last key of a folder may take the folder away just as another key is added to it.
    const work = Array.from({ length: 8 }, async (_, worker) => {
      for (let round = 0; round < 25; round += 1) {
        const key = `busy/${round % 2}/${worker}`;
        if (round % 3 === 0) await lab.store.write(key, Buffer.from(key));
        else expect(await lab.store.writeOnce(key, Buffer.from(key))).toBe(true);
        expect(await text(key)).toBe(key);
        await lab.store.remove(key);
        expect(await lab.store.stat(key)).toBeUndefined();
      }
    });
    const state = { listing: true };
    const lister = (async () => {
      while (state.listing) for await (const { key } of lab.store.list('busy/')) expect(key).toMatch(/^busy\/[01]\/[0-7]$/);
    })();
    await Promise.all(work).finally(() => (state.listing = false));
    await lister;
    expect(await listed('')).toEqual([]);
  });
}
