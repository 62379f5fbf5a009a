import { expect, test } from 'vitest';
import type { StoreLab } from './store-lab.ts';

/** Which names are valid, and which are refused. */
export function testKeys(lab: StoreLab) {
  const { listed } = lab;

  test('a prefix need not end where a folder does', async () => {
    const all = ['jobs/ab/1', 'jobs/abc/1', 'jobs/abc/2/x.jpg', 'jobs/b', 'jobs-old/ab', 'open/ab', 'a.b/c.d', '_x-'];
    await Promise.all(all.map((key) => lab.store.write(key, Buffer.from(key))));
    const expected = (prefix: string) => all.filter((key) => key.startsWith(prefix)).sort();
    for (const prefix of [
      '',
      'j',
      'jobs',
      'jobs/',
      'jobs/a',
      'jobs/ab',
      'jobs/ab/',
      'jobs/abc/2',
      'jobs/abc/2/x.jpg',
      'open/',
      'z',
      'jobs/b/',
    ]) {
      expect(await listed(prefix), prefix).toEqual(expected(prefix));
    }
  });

  test('a listing contains every key, however many', async () => {
    const all = Array.from({ length: 1100 }, (_, index) => `many/${index % 7}/${index}`);
    for (let start = 0; start < all.length; start += 50) {
      await Promise.all(all.slice(start, start + 50).map((key) => lab.store.write(key, new Uint8Array(3))));
    }
    let count = 0;
    for await (const { size } of lab.store.list('many/')) count += size === 3 ? 1 : 0;
    expect(count).toBe(1100);
    expect(await listed('many/')).toEqual(all.sort());
    for await (const { key } of lab.store.list('many/')) if (!key.endsWith('7')) await lab.store.remove(key);
    expect(await listed('many/')).toEqual(all.filter((key) => key.endsWith('7')));
  });

  const hostile = [
    '',
    '/',
    '/x',
    'x/',
    'a//b',
    '.',
    '..',
    '../x',
    'a/../b',
    'a/./b',
    '.tmp/x',
    'a/.b',
    'a\\b',
    'a b',
    'ä',
    'a\n',
    'a\0',
    'a?b',
    'a%2fb',
    '*',
  ];

  test.each([...hostile, 'x'.repeat(256), 'x/'.repeat(256) + 'x'])('refuses the key %j', async (key) => {
    const refused = (work: Promise<unknown>) => expect(work).rejects.toThrow('Not a key');
    await refused(lab.store.stat(key));
    await refused(lab.store.read(key));
    await refused(lab.store.write(key, Buffer.from('x')));
    await refused(lab.store.writeOnce(key, Buffer.from('x')));
    await refused(lab.store.remove(key));
    expect(await listed('')).toEqual([]);
  });

  test.each(['/', '../', 'a/../', './', '.tmp', 'a//', 'a/.', '*'])('refuses the prefix %j', async (prefix) => {
    await expect(listed(prefix)).rejects.toThrow('Not a prefix');
  });
}
