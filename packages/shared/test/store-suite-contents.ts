import { randomBytes } from 'node:crypto';
import { truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { entriesOf, json, readBytes, readChunks, readJson } from '@darkroom/shared/store';
import { expect, test } from 'vitest';
import type { StoreLab } from './store-lab.ts';

/** What goes in comes out: whole, in part, or not at all. */
export function testContents(lab: StoreLab) {
  const { text, listed, fileOf } = lab;

  test('absence is an answer, and removing an absent key is not a fault', async () => {
    await lab.store.write('jobs/one/job.json', json({}));
    // Including a folder, a key below a key, and a key that another one is a prefix of.
    for (const key of ['nothing', 'jobs', 'jobs/one', 'jobs/one/job.json/deeper', 'jobs/one/job', 'jobs/two/job.json']) {
      expect(await lab.store.stat(key)).toBeUndefined();
      expect(await lab.store.read(key)).toBeUndefined();
      await lab.store.remove(key);
    }
    expect(await listed('')).toEqual(['jobs/one/job.json']);
    expect(await listed('jobs/two/')).toEqual([]);
  });

  test('reading, stat and listing agree on what was written', async () => {
    const before = Date.now();
    await lab.store.write('jobs/1/a.txt', Buffer.from('Grüße'));
    await lab.store.write('jobs/1/b.txt', await fileOf('from a file'));
    await lab.store.write('empty', new Uint8Array(0));
    await lab.store.write('empty-file', await fileOf(''));
    expect(await text('jobs/1/a.txt')).toBe('Grüße');
    expect(await text('jobs/1/b.txt')).toBe('from a file');
    expect(await text('empty')).toBe('');
    expect(await text('empty-file')).toBe('');
    const stored = (await lab.store.stat('jobs/1/a.txt'))!;
    expect(stored).toMatchObject({ key: 'jobs/1/a.txt', size: 7, etag: expect.stringMatching(/^"[^"]+"$/) as string });
    // S3 has whole seconds only.
    expect(stored.modified.getTime()).toBeGreaterThan(before - 2000);
    expect(stored.modified.getTime()).toBeLessThan(Date.now() + 2000);
    const entry = (await entriesOf(lab.store, 'jobs/1/')).get('jobs/1/a.txt')!;
    expect(entry).toMatchObject({ key: 'jobs/1/a.txt', size: 7 });
    expect(Math.abs(entry.modified.getTime() - stored.modified.getTime())).toBeLessThan(1000);
    expect(await readJson(lab.store, 'nothing')).toBeUndefined();
  });

  // Around the limits between which a store may change its way: a page or a few, a piece, several pieces.
  test.each([0, 1, 16 * 1024, 16 * 1024 + 1, 256 * 1024, 256 * 1024 + 1, 1_000_000])(
    '%i bytes are the same at once, in chunks and as a stream, also side by side',
    async (size) => {
      const content = randomBytes(size);
      await lab.store.write('content', content);
      const copied = async () => {
        const copies: Buffer[] = [];
        for await (const chunk of (await readChunks(lab.store, 'content'))!) copies.push(Buffer.from(chunk));
        return Buffer.concat(copies);
      };
      const ways = [readBytes(lab.store, 'content'), copied(), copied(), buffer((await lab.store.read('content'))!)];
      for (const read of await Promise.all(ways)) expect(content.equals(read!)).toBe(true);
      expect(await readBytes(lab.store, 'absent')).toBeUndefined();
      expect(await readChunks(lab.store, 'absent')).toBeUndefined();
    },
  );

  test('a write replaces', async () => {
    await lab.store.write('a/b', Buffer.from('a longer text'));
    await lab.store.write('a/b', Buffer.from('short'));
    expect(await text('a/b')).toBe('short');
    expect(await listed('')).toEqual(['a/b']);
  });

  test('the etag changes with the content, even for contents of equal size in quick succession', async () => {
    const seen = new Set<string>();
    for (let round = 0; round < 50; round += 1) {
      await lab.store.write('changing', Buffer.from(String(round).padStart(4)));
      seen.add((await lab.store.stat('changing'))!.etag);
    }
    expect(seen.size).toBe(50);
    const [first, second] = [await lab.store.stat('changing'), await lab.store.stat('changing')];
    expect(first!.etag).toBe(second!.etag);
  });

  test('a range includes its first and last byte, and ends where the bytes do', async () => {
    await lab.store.write('digits', Buffer.from('0123456789'));
    await lab.store.write('none', new Uint8Array(0));
    expect(await text('digits', { start: 2, end: 4 })).toBe('234');
    expect(await text('digits', { start: 7 })).toBe('789');
    expect(await text('digits', { end: 0 })).toBe('0');
    expect(await text('digits', { start: 8, end: 99 })).toBe('89');
    expect(await text('digits', { start: 10 })).toBe('');
    expect(await text('none', { start: 0, end: 5 })).toBe('');
    expect(await text('absent', { start: 1 })).toBeUndefined();
    for (const range of [{ start: 4, end: 3 }, { start: -1 }, { end: 0.5 }])
      await expect(lab.store.read('digits', range)).rejects.toThrow('Not a range');
  });

  test('30 MB make the round trip from a file and back', async () => {
    const content = await fileOf('');
    await truncate(content.file, 30_000_000);
    await lab.store.write('large', content);
    expect(await lab.store.writeOnce('large', content)).toBe(false);
    let size = 0;
    for await (const chunk of (await lab.store.read('large'))!) size += (chunk as Buffer).length;
    expect(size).toBe(30_000_000);
  });

  test('an abandoned stream does no harm', async () => {
    await lab.store.write('large', Buffer.alloc(5_000_000));
    for (let round = 0; round < 20; round += 1) {
      const stream = (await lab.store.read('large'))!;
      for await (const chunk of stream) if (chunk) break;
    }
    expect((await readBytes(lab.store, 'large'))?.length).toBe(5_000_000);
  });

  test('a failed write leaves what was there, and nothing else', async () => {
    const missing = { file: join(lab.folder, 'missing') };
    await lab.store.write('kept', Buffer.from('old'));
    for (const content of [missing, { file: lab.folder }]) {
      await expect(lab.store.write('kept', content)).rejects.toThrow(Error);
      await expect(lab.store.writeOnce('other/key', content)).rejects.toThrow(Error);
    }
    expect(await text('kept')).toBe('old');
    expect(await listed('')).toEqual(['kept']);
  });
}
