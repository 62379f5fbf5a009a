import { readFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { Rejected } from '@darkroom/shared/errors';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Lab, openLab } from '../../../packages/shared/test/support/lab.ts';
import { openDisk } from '../src/upload/disk.ts';
import { openSpool, type Spool } from '../src/upload/spool.ts';

let lab: Lab;
let spools: Spool[];
let inspected: string[];
/** What is wrong with the next photo. */
let fault: Error | undefined;
const before = process.env['TMPDIR'];
beforeEach(async () => {
  lab = await openLab();
  process.env['TMPDIR'] = lab.environment['TMPDIR'];
  [spools, inspected, fault] = [[], [], undefined];
});
afterEach(async () => {
  for (const spool of spools) await spool.remove();
  if (before === undefined) delete process.env['TMPDIR'];
  else process.env['TMPDIR'] = before;
  await lab.close();
});

const inspector = {
  async run(path: string) {
    inspected.push(path);
    if (fault) throw fault;
    return { type: 'image/png' as const, width: 1, height: 1 };
  },
  warm() {},
  healthy: () => true,
  close() {},
};

async function open({ most = 100, files = 3, disk = openDisk(0) } = {}): Promise<Spool> {
  const spool = openSpool({ MAX_FILE_BYTES: most, MAX_FILES: files }, disk, inspector);
  spools.push(spool);
  return spool;
}

async function* sent(...chunks: (number | Buffer | Error)[]) {
  for (const chunk of chunks) {
    if (chunk instanceof Error) throw chunk;
    yield typeof chunk === 'number' ? Buffer.alloc(chunk) : chunk;
  }
}

test('a photo lies on the disk with its digest until the spool is removed', async () => {
  const spool = await open();
  await spool.take(sent(Buffer.from('he'), Buffer.from('llo')), { name: 'a.png' });
  const [{ photo, file, digest } = (() => expect.unreachable())()] = spool.arrivals();
  expect(photo).toEqual({ image: '1', name: 'a.png', type: 'image/png', bytes: 5, width: 1, height: 1 });
  expect(digest).toBe('2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824');
  expect([await readFile(file, 'utf8'), inspected, spool.bytes()]).toEqual(['hello', [file], 5]);
  await spool.remove();
  expect(existsSync(dirname(file))).toBe(false);
});

test('photos are numbered as they came, without those that are refused', async () => {
  const spool = await open();
  await spool.take(sent(1), { name: 'a.png' });
  fault = new Rejected('It is torn.', { status: 415 });
  await spool.take(sent(1), { name: 'b.png' });
  fault = undefined;
  await spool.take(sent(1), { name: undefined });
  expect(spool.arrivals().map(({ photo: { image, name } }) => [image, name])).toEqual([
    ['1', 'a.png'],
    ['2', 'photo.png'],
  ]);
  expect(spool.refused()).toEqual([{ name: 'b.png', reason: 'It is torn.', status: 415, reasonClass: 'unsupported' }]);
});

test.each<[what: string, chunks: (number | Buffer)[], encoding: string, status: number, reasonClass: string, reason: RegExp]>([
  ['of one byte too many', [100, 1], 'binary', 413, 'too_large', /larger than 100 bytes/],
  ['without a byte', [], 'binary', 422, 'damaged', /empty/],
  ['in gzip', [Buffer.from([0x1f]), Buffer.from([0x8b, 8])], 'binary', 415, 'unsupported', /gzip/],
  ['in another encoding', [1], 'uuencode', 415, 'unsupported', /“uuencode” is unknown/],
])('a file %s is refused, uninspected, under its own name', async (_what, chunks, encoding, status, reasonClass, reason) => {
  const spool = await open();
  await spool.take(sent(...chunks), { name: '../a.png', encoding });
  expect(spool.refused()).toEqual([{ name: 'a.png', reason: expect.stringMatching(reason), status, reasonClass }]);
  expect([spool.arrivals(), inspected]).toEqual([[], []]);
});

test.each([[Buffer.from([0x1f])], [Buffer.from([0x1f, 0x8c])], [Buffer.from([0x8b, 0x8b])]])(
  'what only half begins like gzip (%j) is left to the inspector',
  async (head) => {
    const spool = await open();
    await spool.take(sent(head), { name: 'a' });
    expect(spool.arrivals()).toHaveLength(1);
  },
);

test('exactly as many bytes as a photo may have are taken', async () => {
  const spool = await open();
  await spool.take(sent(99, 1), { name: 'a.png' });
  expect([spool.arrivals().length, spool.bytes()]).toEqual([1, 100]);
});

test('a nameless file is named by its place; without name and content it is no file', async () => {
  const spool = await open();
  await spool.take(sent(), { name: undefined });
  await spool.take(sent(), { name: '' });
  await spool.take(sent(101), { name: undefined });
  expect([spool.arrivals(), spool.refused().map(({ name }) => name)]).toEqual([[], ['Photo 3']]);
});

test('one file more than the limit ends the post', async () => {
  const spool = await open({ files: 1 });
  await spool.take(sent(1), { name: 'a' });
  await expect(spool.take(sent(1), { name: 'b' })).rejects.toMatchObject({
    status: 413,
    message: expect.stringContaining('at most 1'),
  });
});

test.each([
  [25 * 2 ** 20, '25 MiB'],
  [2 ** 20, '1 MiB'],
  [2 ** 20 - 1, '1048575 bytes (1.0 MiB)'],
  [1.52 * 2 ** 20, '1.5 MiB'],
  [60_000, '60000 bytes (0.057 MiB)'],
])('%d bytes are written as %s', async (most, text) => {
  const spool = await open({ most: Math.round(most) });
  await spool.take(sent(Math.round(most) + 1), { name: 'a' });
  expect(spool.refused()[0]!.reason).toContain(`larger than ${text}. Send a smaller version`);
});

test('what is too large is read past, but not for ever: over all files, up to 256 MiB', async () => {
  const spool = await open({ most: 1 });
  const large = Buffer.alloc(64 * 2 ** 20);
  await spool.take(sent(large, large), { name: 'a' });
  await spool.take(sent(large, large), { name: 'b' });
  expect(spool.refused()).toHaveLength(2);
  await expect(spool.take(sent(2), { name: 'c' })).rejects.toMatchObject({
    status: 413,
    message: expect.stringMatching(/^c: .*larger/),
  });
});

test('the disk is shared: a post that finds no room is told so, and a spool gives back all that it took', async () => {
  const disk = openDisk(100);
  const [one, two] = [await open({ disk }), await open({ disk, files: 9 })];
  await one.take(sent(60), { name: 'a' });
  await two.take(sent(40), { name: 'b' });
  await expect(two.take(sent(1), { name: 'c' })).rejects.toMatchObject({ status: 503, retryAfter: 10 });
  await one.remove();
  spools.splice(0, 1);
  await two.take(sent(60), { name: 'd' });
  await expect(two.take(sent(1), { name: 'e' })).rejects.toMatchObject({ status: 503 });
});

test.each([
  ['a sender who breaks off', new Error('aborted'), { name: 'Rejected', status: 400 }],
  [
    'a full disk',
    Object.assign(new Error('write'), { syscall: 'write', code: 'ENOSPC' }),
    { name: 'StorageFailed', status: 507 },
  ],
  ['what is refused on the way', new Rejected('no', { status: 418 }), { name: 'Rejected', status: 418 }],
])('%s ends the post', async (_what, error, expected) => {
  const spool = await open();
  await expect(spool.take(sent(1, error), { name: 'a' })).rejects.toMatchObject(expected);
});

test('a fault of the inspector is not a fault of the photo', async () => {
  const spool = await open();
  fault = new Error('EAGAIN');
  await expect(spool.take(sent(1), { name: 'a' })).rejects.toBe(fault);
  expect(spool.refused()).toEqual([]);
});
