import { spawnSync } from 'node:child_process';
import { type FileHandle, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { createZip } from '../src/zip-file.ts';

let folder: string;
let file: string;
let count = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'zip-file-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
afterEach(() => vi.restoreAllMocks());

const text = (bytes: Uint8Array | undefined) => Buffer.from(bytes!).toString();

/** @param files by path, each in chunks */
async function zipped(files: Record<string, string[]>, modified = new Date('2026-11-25T13:14:16Z')): Promise<Buffer> {
  file = join(folder, `${(count += 1)}.zip`);
  const zip = await createZip(file, modified);
  for (const [path, chunks] of Object.entries(files))
    await zip.add(
      path,
      chunks.map((chunk) => Buffer.from(chunk)),
    );
  await zip.finish();
  await zip.close();
  return readFile(file);
}

const two = { 'original/Łódź 写真.jpg': ['one', ' two'], 'b.txt': ['123456789'] };

test('what was put in comes out, under the names it was given', async () => {
  const entries = unzipSync(await zipped({ ...two, 'empty.txt': [] }));
  expect(Object.entries(entries).map(([path, bytes]) => [path, text(bytes)])).toEqual([
    ['original/Łódź 写真.jpg', 'one two'],
    ['b.txt', '123456789'],
    ['empty.txt', ''],
  ]);
});

// The fields as APPNOTE.TXT numbers them; the checksum of "123456789" is the one by which CRC-32 is known.
test('every header says what the format asks for, so that readers of any kind find each entry', async () => {
  const bytes = await zipped(two);
  const name = Buffer.from('original/Łódź 写真.jpg').length;
  const second = 30 + name + 7;
  const directory = second + 30 + 5 + 9;
  const secondInDirectory = directory + 46 + name;
  const end = secondInDirectory + 46 + 5;
  const common = (at: number) => ({
    version: bytes.readUInt16LE(at),
    flags: bytes.readUInt16LE(at + 2),
    method: bytes.readUInt16LE(at + 4),
    crc: bytes.readUInt32LE(at + 10),
    packed: bytes.readUInt32LE(at + 14),
    size: bytes.readUInt32LE(at + 18),
    name: bytes.readUInt16LE(at + 22),
    extra: bytes.readUInt16LE(at + 24),
  });
  const stored = { version: 20, flags: 0x800, method: 0, crc: 0xcbf43926, packed: 9, size: 9, name: 5, extra: 0 };

  expect(bytes.subarray(0, 4).toString('latin1')).toBe('PK\x03\x04');
  expect(common(4)).toMatchObject({ packed: 7, size: 7, name });
  expect(bytes.subarray(second, second + 4).toString('latin1')).toBe('PK\x03\x04');
  expect(common(second + 4)).toEqual(stored);
  expect(bytes.subarray(second + 30, second + 44).toString()).toBe('b.txt123456789');
  expect(bytes.subarray(directory, directory + 4).toString('latin1')).toBe('PK\x01\x02');
  expect(bytes.readUInt32LE(directory + 42), 'offset of the first').toBe(0);
  expect(bytes.subarray(secondInDirectory, secondInDirectory + 4).toString('latin1')).toBe('PK\x01\x02');
  expect(bytes.readUInt16LE(secondInDirectory + 4), 'made by').toBe(20);
  expect(common(secondInDirectory + 6)).toEqual(stored);
  expect(bytes.readUInt32LE(secondInDirectory + 42), 'offset of the second').toBe(second);
  expect(bytes.subarray(secondInDirectory + 46, end).toString()).toBe('b.txt');
  expect(bytes.subarray(end, end + 4).toString('latin1')).toBe('PK\x05\x06');
  expect(
    [8, 10].map((at) => bytes.readUInt16LE(end + at)),
    'entries',
  ).toEqual([2, 2]);
  expect(
    [12, 16].map((at) => bytes.readUInt32LE(end + at)),
    'size and place of the directory',
  ).toEqual([end - directory, directory]);
  expect(bytes).toHaveLength(end + 22);
});

test.each([
  ['1970-01-01T00:00:00.000Z', [1980, 1, 1, 0, 0, 0]],
  ['1979-12-31T23:59:59.000Z', [1980, 1, 1, 0, 0, 0]],
  ['2026-11-25T13:14:16.000Z', [2026, 11, 25, 13, 14, 16]],
  ['2027-01-02T03:04:59.900Z', [2027, 1, 2, 3, 4, 58]],
  ['2107-12-31T23:59:59.999Z', [2107, 12, 31, 23, 59, 58]],
  ['2200-06-01T12:00:00.000Z', [2107, 12, 31, 23, 59, 58]],
])('a file of %s has the time %j: ZIP counts in steps of two seconds, from 1980 to 2107', async (modified, expected) => {
  const bytes = await zipped({ a: [] }, new Date(modified));
  for (const at of [10, 31 + 12]) {
    const [time, day] = [bytes.readUInt16LE(at), bytes.readUInt16LE(at + 2)];
    const clock = [time >> 11, (time >> 5) & 63, (time & 31) * 2];
    expect([1980 + (day >> 9), (day >> 5) & 15, day & 31, ...clock]).toEqual(expected);
  }
});

test('a disk that takes a few bytes at a time loses none', async () => {
  const whole = await zipped(two);
  const handle = await open(join(folder, 'any'), 'w');
  await handle.close();
  const methods = Object.getPrototypeOf(handle) as FileHandle;
  const write = methods.write as (...args: unknown[]) => Promise<never>;
  vi.spyOn(methods, 'write').mockImplementation(function (this: FileHandle, ...args: unknown[]) {
    const [bytes, offset, length, position] = args as [Buffer, number, number, number];
    return write.call(this, bytes, offset, Math.min(length, 7), position);
  });
  expect((await zipped(two)).equals(whole)).toBe(true);
});

test('a file that exists already is left as it is', async () => {
  const taken = join(folder, 'taken');
  await writeFile(taken, 'mine');
  await expect(createZip(taken, new Date())).rejects.toThrow('EEXIST');
  expect(await readFile(taken, 'utf8')).toBe('mine');
});

const python = spawnSync('python3', ['--version']).status === 0;
test.skipIf(!python)('Python, an independent reader, finds no fault (skipped without python3)', async () => {
  await zipped(two);
  const read =
    'import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); print(z.testzip(), *z.infolist()[0].date_time, *z.namelist())';
  const { stdout } = spawnSync('python3', ['-X', 'utf8', '-c', read, file], { encoding: 'utf8' });
  expect(stdout).toBe('None 2026 11 25 13 14 16 original/Łódź 写真.jpg b.txt\n');
});

const busybox = spawnSync('busybox', ['unzip', '--help']).error === undefined;
test.skipIf(!busybox)('busybox, which reads from a pipe, finds no fault (skipped without busybox)', async () => {
  const input = await zipped(two);
  const { stdout, stderr, status } = spawnSync('busybox', ['unzip', '-l', '-'], { input, encoding: 'utf8' });
  expect([status, stderr]).toEqual([0, '']);
  expect(stdout).toContain('2 files');
});
