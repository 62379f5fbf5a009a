import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { crc32 } from 'node:zlib';
import { eventType, filterFinished } from '@darkroom/shared/events';
import type { Job } from '@darkroom/shared/job';
import { keys } from '@darkroom/shared/job/keys';
import { json, readBytes, readJson } from '@darkroom/shared/store';
import { unzipSync } from 'fflate';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort, type RunningFunction, startFunction } from '../../../packages/shared/test/support/function.ts';
import { type Lab, openLab, photo } from '../../../packages/shared/test/support/lab.ts';

let lab: Lab;
let zip: RunningFunction;
beforeAll(async () => {
  lab = await openLab();
  zip = await startFunction('zip', lab.environment);
});
afterAll(async () => {
  await zip.stop();
  await lab.close();
});

/** No two prints have equal bytes, so that none can be mistaken for another. */
async function finish(job: Job, image: string, filter: string) {
  const print = await photo('jpeg', { width: 64 + Number(image), height: 48 + filter.length });
  await lab.store.write(keys.print(job, { image, type: 'image/jpeg' }, filter), print);
}
const deliverLastPrint = (job: Job) => zip.deliver(filterFinished(job, '1', 'sepia', 'succeeded'));

test('waits for the last print, then packs and publishes', async () => {
  const job = await lab.accept();
  await finish(job, '1', 'grayscale');
  expect(await deliverLastPrint(job)).toMatchObject({ status: 204, reply: undefined });
  await finish(job, '1', 'sepia');
  const { reply } = await deliverLastPrint(job);
  expect(reply).toMatchObject({ type: eventType.archiveCreated, job: job.job });
});

test('the archive holds originals, prints and a manifest whose digests hold', async () => {
  const job = await lab.accept({ names: ['a.jpg', 'A.JPG', '../../etc/passwd', 'con.jpg', 'Łódź 写真.jpeg'] });
  for (const { image } of job.images) {
    await finish(job, image, 'grayscale');
    if (image !== '5') await finish(job, image, 'sepia');
  }
  await lab.store.writeOnce(keys.rejection(job.job, '5', 'sepia'), json({ reason: 'too dark' }));
  await deliverLastPrint(job);
  const bytes = (await readBytes(lab.store, keys.archive(job.job)))!;
  const entries = unzipSync(bytes);
  const manifest = JSON.parse(Buffer.from(entries['manifest.json']!).toString()) as {
    files: { path: string; bytes: number; sha256: string; name: string; made: string }[];
    rejected: { name: string; filter: string; reason: string }[];
  };
  expect(Object.keys(entries).sort()).toEqual([...manifest.files.map(({ path }) => path), 'manifest.json'].sort());
  for (const { path, bytes: size, sha256 } of manifest.files) {
    expect(entries[path]).toHaveLength(size);
    expect(createHash('sha256').update(entries[path]!).digest('hex')).toBe(sha256);
  }
  const sepia = await readBytes(lab.store, keys.print(job, job.images[1]!, 'sepia'));
  expect(sepia!.equals(entries['sepia/A-2.jpg']!)).toBe(true);
  expect(manifest.files.filter(({ made }) => made === 'original').map(({ path }) => path)).toEqual([
    'original/a.jpg',
    'original/A-2.jpg',
    'original/etc-passwd.jpg',
    'original/photo-con.jpg',
    'original/Łódź 写真.jpg',
  ]);
  expect(manifest.rejected).toEqual([{ image: '5', name: 'Łódź 写真.jpeg', filter: 'sepia', reason: 'too dark' }]);
});

const python = spawnSync('python3', ['--version']).status === 0;
test.skipIf(!python)('Python, an independent reader, finds no fault in the archive (skipped without python3)', async () => {
  const job = await lab.accept({ names: ['Łódź 写真.jpeg'], filters: ['sepia'] });
  await finish(job, '1', 'sepia');
  await deliverLastPrint(job);
  const read =
    'import io, sys, zipfile; z = zipfile.ZipFile(io.BytesIO(sys.stdin.buffer.read())); print(z.testzip(), *z.namelist())';
  const input = (await readBytes(lab.store, keys.archive(job.job)))!;
  const { stdout } = spawnSync('python3', ['-X', 'utf8', '-c', read], { input, encoding: 'utf8' });
  expect(stdout).toBe('None original/Łódź 写真.jpg sepia/Łódź 写真.jpg manifest.json\n');
});

test('the same job gives the same bytes, in any time zone', async () => {
  const job = await lab.accept({ acceptedAt: '2026-07-01T12:00:00.000Z' });
  await finish(job, '1', 'grayscale');
  await finish(job, '1', 'sepia');
  await deliverLastPrint(job);
  const first = await readBytes(lab.store, keys.archive(job.job));
  await lab.store.remove(keys.archive(job.job));
  const elsewhere = await startFunction('zip', { ...lab.environment, TZ: 'Asia/Kolkata' });
  await elsewhere.deliver(filterFinished(job, '1', 'sepia', 'succeeded'));
  await elsewhere.stop();
  expect((await readBytes(lab.store, keys.archive(job.job)))?.equals(first!)).toBe(true);
});

test('of ten deliveries at once, one packs the archive and publishes it', async () => {
  const job = await lab.accept();
  await finish(job, '1', 'grayscale');
  await finish(job, '1', 'sepia');
  const replies = await Promise.all(Array.from({ length: 10 }, () => deliverLastPrint(job)));
  expect(replies.map(({ status }) => status).every((status) => status === 200 || status === 204)).toBe(true);
  expect(replies.some(({ reply }) => reply?.type === eventType.archiveCreated)).toBe(true);
  expect(await lab.store.stat(keys.archive(job.job))).toBeDefined();
});

test('a job without a single print gets no archive, and goes on to its mail', async () => {
  const job = await lab.accept({ filters: ['sepia'] });
  await lab.store.writeOnce(keys.rejection(job.job, '1', 'sepia'), json({ reason: 'damaged' }));
  expect((await deliverLastPrint(job)).reply?.type).toBe(eventType.archiveCreated);
  expect(await lab.store.stat(keys.archive(job.job))).toBeUndefined();
});

test.each([
  ['is missing', async (key: string) => lab.store.remove(key)],
  ['is cut short', async (key: string) => lab.store.write(key, Buffer.from('x'))],
])('an original that %s ends the archive with a sentence: no retry brings it back', async (_fault, harm) => {
  const job = await lab.accept({ names: ['holiday.jpg'] });
  await finish(job, '1', 'grayscale');
  await finish(job, '1', 'sepia');
  await harm(keys.original(job.job, job.images[0]!));
  expect((await deliverLastPrint(job)).reply?.type).toBe(eventType.archiveCreated);
  expect(await readJson(lab.store, keys.archiveRejection(job.job))).toMatchObject({
    reason: expect.stringContaining('holiday.jpg is damaged'),
  });
  expect(await lab.store.stat(keys.archive(job.job))).toBeUndefined();
});

test('more than 4 GiB do not fit into a ZIP, and the person is told', async () => {
  const job = await lab.accept({ filters: ['sepia'] });
  await lab.store.write(keys.job(job.job), json({ ...job, images: job.images.map((image) => ({ ...image, bytes: 2 ** 32 })) }));
  await finish(job, '1', 'sepia');
  expect((await deliverLastPrint(job)).reply?.type).toBe(eventType.archiveCreated);
  expect(await readJson(lab.store, keys.archiveRejection(job.job))).toMatchObject({ reason: expect.stringContaining('4 GB') });
});

test.each([
  ['1970-01-01T00:00:00.000Z', '(1980, 1, 1, 0, 0, 0)'],
  ['2026-11-25T13:14:16.000Z', '(2026, 11, 25, 13, 14, 16)'],
  ['2200-06-01T12:00:00.000Z', '(2107, 12, 31, 23, 59, 58)'],
])('a job of %s has its archive: ZIP has the years from 1980 to 2107', async (acceptedAt, expected) => {
  const job = await lab.accept({ acceptedAt, filters: ['sepia'] });
  await finish(job, '1', 'sepia');
  await deliverLastPrint(job);
  const input = (await readBytes(lab.store, keys.archive(job.job)))!;
  const read = 'import io, sys, zipfile; print(zipfile.ZipFile(io.BytesIO(sys.stdin.buffer.read())).infolist()[0].date_time)';
  if (python) expect(spawnSync('python3', ['-c', read], { input, encoding: 'utf8' }).stdout.trim()).toBe(expected);
  else expect(Object.keys(unzipSync(input))).toHaveLength(3);
});

test('a reader that takes the archive from a stream finds the end of each entry', async () => {
  const job = await lab.accept({ names: ['a.jpg', 'b.jpg'], filters: ['sepia'] });
  for (const { image } of job.images) await finish(job, image, 'sepia');
  await deliverLastPrint(job);
  const bytes = (await readBytes(lab.store, keys.archive(job.job)))!;
  const names: string[] = [];
  // By the local headers alone, from the first byte on.
  let at = 0;
  for (; bytes.readUInt32LE(at) === 0x04034b50;) {
    const [flags, size, name] = [bytes.readUInt16LE(at + 6), bytes.readUInt32LE(at + 22), bytes.readUInt16LE(at + 26)];
    expect(flags & 8, 'a data descriptor').toBe(0);
    const data = bytes.subarray(at + 30 + name, at + 30 + name + size);
    expect(crc32(data)).toBe(bytes.readUInt32LE(at + 14));
    names.push(bytes.subarray(at + 30, at + 30 + name).toString());
    at += 30 + name + size;
  }
  expect(bytes.readUInt32LE(at)).toBe(0x02014b50);
  expect(names).toEqual(Object.keys(unzipSync(bytes)));
});

const busybox = spawnSync('busybox', ['unzip', '--help']).error === undefined;
test.skipIf(!busybox)('busybox, which reads from a pipe, finds no fault (skipped without busybox)', async () => {
  const job = await lab.accept({ names: ['a.jpg', 'b.jpg'], filters: ['sepia'] });
  for (const { image } of job.images) await finish(job, image, 'sepia');
  await deliverLastPrint(job);
  const input = (await readBytes(lab.store, keys.archive(job.job)))!;
  const { stdout, stderr, status } = spawnSync('busybox', ['unzip', '-l', '-'], { input, encoding: 'utf8' });
  expect([status, stderr]).toEqual([0, '']);
  expect(stdout).toContain('5 files');
});

test('what a print cannot hold is noted in the manifest', async () => {
  const several = { image: '1', name: 'scan.tiff', type: 'image/tiff', bytes: 3, width: 1, height: 1, pictures: 4 } as const;
  const job = await lab.accept({ filters: ['sepia'], images: [several], options: { format: 'image/jpeg' } });
  await lab.store.write(keys.original(job.job, several), Buffer.from('abc'));
  await finish(job, '1', 'sepia');
  await deliverLastPrint(job);
  const entries = unzipSync((await readBytes(lab.store, keys.archive(job.job)))!);
  expect(JSON.parse(Buffer.from(entries['manifest.json']!).toString())).toMatchObject({
    notes: [{ image: '1', name: 'scan.tiff', note: expect.stringMatching(/^Only the first of 4 pages/) }],
  });
});

test('photos that were not taken are listed in the manifest', async () => {
  const refused = [{ name: 'notes.txt', reason: 'This is not a photo.' }];
  const job = await lab.accept({ refused, filters: ['sepia'] });
  await finish(job, '1', 'sepia');
  await deliverLastPrint(job);
  const entries = unzipSync((await readBytes(lab.store, keys.archive(job.job)))!);
  expect(JSON.parse(Buffer.from(entries['manifest.json']!).toString())).toMatchObject({ refused });
});

test('a job that was deleted gets no archive', async () => {
  const job = await lab.accept({ filters: ['sepia'] });
  await finish(job, '1', 'sepia');
  await lab.store.write(keys.gone(job.job), json({}));
  expect(await deliverLastPrint(job)).toMatchObject({ status: 204, reply: undefined });
  expect(await lab.store.stat(keys.archive(job.job))).toBeUndefined();
});

test('an event whose record cannot be read is not retried', async () => {
  const job = await lab.accept();
  await lab.store.write(keys.job(job.job), Buffer.from('{"job": "'));
  expect((await deliverLastPrint(job)).status).toBe(410);
});

test('without a temporary folder that can be written it does not start, and says what to do', async () => {
  await expect(startFunction('zip', { ...lab.environment, TMPDIR: '/proc/sys' })).rejects.toThrow(
    /^zip ended with 1: Archives cannot be packed: the temporary folder \/proc\/sys cannot be written \(.+\)\. Mount/,
  );
});

test('what an earlier life left in the temporary folder is cleared away at the start; what others have there is not', async () => {
  const folder = `${lab.environment['TMPDIR']}/again`;
  const bundle = resolve(import.meta.dirname, '../dist');
  const script = `mkdir -p ${folder}/darkroom-archive-$$-left ${folder}/darkroom-archive-0-other; exec ${process.execPath} index.mjs`;
  const PORT = String(await freePort());
  const child = spawn('sh', ['-c', script], { cwd: bundle, env: { ...lab.environment, PORT, TMPDIR: folder } });
  await expect.poll(async () => (await fetch(`http://127.0.0.1:${PORT}/health/readiness`)).ok).toBe(true);
  expect(await readdir(folder)).toEqual(['darkroom-archive-0-other']);
  child.kill();
  await once(child, 'exit');
});
