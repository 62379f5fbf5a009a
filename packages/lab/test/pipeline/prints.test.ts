import { createHash } from 'node:crypto';
import { unzipSync } from 'fflate';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { photo } from '../../../shared/test/support/lab.ts';
import { type Darkroom, openDarkroom, type Status } from './darkroom.ts';

let darkroom: Darkroom;
beforeAll(async () => {
  darkroom = await openDarkroom();
});
afterAll(() => darkroom.close());

const open = async (href: string) => {
  const answer = await fetch(darkroom.url + href);
  expect(answer.status).toBe(200);
  return Buffer.from(await answer.arrayBuffer());
};
const accepted = async (answer: Response) => {
  expect(answer.status).toBe(202);
  return (await answer.json()) as Status;
};
/** Red, green and blue of the pixel in the middle. */
const middle = async (bytes: Buffer) => {
  const { data, info } = await sharp(bytes).removeAlpha().toColourspace('srgb').raw().toBuffer({ resolveWithObject: true });
  const at = (Math.floor(info.height / 2) * info.width + Math.floor(info.width / 2)) * 3;
  return [...data.subarray(at, at + 3)];
};

test('v1 turns a photo into a grey print, on the page and by mail', async () => {
  const { job } = await accepted(await darkroom.post([{ name: 'holiday.png', bytes: await photo('png') }], { tag: 'v1' }));
  const status = await darkroom.finished(job);
  expect(status).toMatchObject({
    status: 'completed',
    revision: 'ingest-v1',
    filters: ['grayscale'],
    archiveFile: null,
    mail: { status: 'sent' },
  });
  const print = await open(status.images[0]!.results['grayscale']!.href!);
  const [red, green, blue] = await middle(await photo('png'));
  const luma = (19595 * red! + 38470 * green! + 7471 * blue! + 32768) >> 16;
  expect(await middle(print)).toEqual([luma, luma, luma]);

  const [mail, ...more] = await darkroom.mailsOf(job);
  expect(more).toEqual([]);
  expect(mail?.attachments?.map(({ filename }) => filename)).toEqual(['print.jpg', 'holiday-grayscale.png']);
  expect((await darkroom.attachment(mail!, 'holiday-grayscale.png')).equals(print)).toBe(true);
});

test('v2 makes grey and sepia prints, and an archive with correct digests', async () => {
  const { job } = await accepted(await darkroom.post([{ name: 'a.png', bytes: await photo('png') }], { tag: 'v2' }));
  const status = await darkroom.finished(job);
  expect(status).toMatchObject({ status: 'completed', revision: 'ingest-v2', filters: ['grayscale', 'sepia'] });
  const [red, green, blue] = (await middle(await photo('png'))) as [number, number, number];
  const sepia = await middle(await open(status.images[0]!.results['sepia']!.href!));
  // W3C Filter Effects Module Level 1, section 6.2, within 1 for rounding.
  expect(sepia[0]).toBeCloseTo(0.393 * red + 0.769 * green + 0.189 * blue, -0.3);
  expect(sepia[1]).toBeCloseTo(0.349 * red + 0.686 * green + 0.168 * blue, -0.3);
  expect(sepia[2]).toBeCloseTo(0.272 * red + 0.534 * green + 0.131 * blue, -0.3);

  const archive = await open(status.archiveFile!.href);
  const entries = unzipSync(archive);
  const manifest = JSON.parse(Buffer.from(entries['manifest.json']!).toString()) as { files: { path: string; sha256: string }[] };
  expect(manifest.files.map(({ path }) => path)).toEqual(['original/a.png', 'grayscale/a.png', 'sepia/a.png']);
  for (const { path, sha256 } of manifest.files) expect(createHash('sha256').update(entries[path]!).digest('hex')).toBe(sha256);

  const [mail, ...more] = await darkroom.mailsOf(job);
  expect(more).toEqual([]);
  expect((await darkroom.attachment(mail!, 'darkroom-prints.zip')).equals(archive)).toBe(true);
});

test('a job with one of two filters: prints, archive and mail are of that one alone', async () => {
  const files = [{ name: 'a.png', bytes: await photo('png') }];
  const { job } = await accepted(await darkroom.post(files, { tag: 'v2', fields: { filter: 'sepia' } }));
  const status = await darkroom.finished(job);
  expect(status).toMatchObject({ status: 'completed', filters: ['sepia'], mail: { status: 'sent' } });
  expect(Object.keys(status.images[0]!.results)).toEqual(['sepia']);
  const entries = unzipSync(await open(status.archiveFile!.href));
  expect(Object.keys(entries).toSorted()).toEqual(['manifest.json', 'original/a.png', 'sepia/a.png']);
  expect(JSON.parse(Buffer.from(entries['manifest.json']!).toString())).toMatchObject({ filters: ['sepia'], rejected: [] });
  const [mail, ...more] = await darkroom.mailsOf(job);
  expect(more).toEqual([]);
  expect(mail!.text).toContain('a.png: sepia');
  expect(mail!.text).not.toContain('grayscale');
  const counted = await (await fetch(darkroom.metricsUrl)).text();
  expect(counted).toMatch(/darkroom_jobs_ended_total\{[^}]*made="all"/);
  expect(counted).not.toMatch(/darkroom_jobs_ended_total\{[^}]*made="(some|none)"/);
});

test('twenty photos in one post: one job, one archive, one mail', async () => {
  const bytes = await photo();
  const files = Array.from({ length: 20 }, (_, index) => ({ name: `IMG_${index}.jpg`, bytes }));
  const { job } = await accepted(await darkroom.post(files, { tag: 'v2' }));
  const status = await darkroom.finished(job);
  expect(status.images).toHaveLength(20);
  expect(Object.keys(unzipSync(await open(status.archiveFile!.href)))).toHaveLength(61);
  expect(await darkroom.mailsOf(job)).toHaveLength(1);
});

test('a damaged photo does not affect the others; page and mail name it with its reason', async () => {
  const good = await photo('jpeg', { width: 640, height: 480 });
  const damaged = good.subarray(0, good.length / 2);
  const files = [
    { name: 'good.jpg', bytes: good },
    { name: 'torn.jpg', bytes: damaged },
  ];
  const { job } = await accepted(await darkroom.post(files, { tag: 'v2' }));
  const status = await darkroom.finished(job);
  expect(status.status).toBe('completed');
  expect(status.images[0]?.results['sepia']?.status).toBe('succeeded');
  expect(status.images[1]?.results['sepia']).toMatchObject({ status: 'rejected', reason: expect.stringContaining('damaged') });
  const [mail] = await darkroom.mailsOf(job);
  expect(mail?.text).toContain('torn.jpg, sepia');
});

test('if no photo can be developed, the job has failed and the mail says why', async () => {
  const good = await photo('jpeg', { width: 640, height: 480 });
  const { job } = await accepted(await darkroom.post([{ name: 'torn.jpg', bytes: good.subarray(0, 900) }], { tag: 'v2' }));
  expect(await darkroom.finished(job)).toMatchObject({ status: 'failed', archiveFile: null, mail: { status: 'sent' } });
  expect((await darkroom.mailsOf(job))[0]?.subject).toBe('Your photos could not be developed');
});

test('prints have the requested format and quality', async () => {
  const answer = await darkroom.post([{ name: 'a.png', bytes: await photo('png') }], {
    tag: 'v1',
    fields: { format: 'webp', quality: '30' },
  });
  const status = await darkroom.finished((await accepted(answer)).job);
  const { href, type } = status.images[0]!.results['grayscale']!;
  expect([type, (await sharp(await open(href!)).metadata()).format]).toEqual(['image/webp', 'webp']);
});

test('deleting a job removes everything', async () => {
  const { job } = await accepted(await darkroom.post([{ name: 'a.jpg', bytes: await photo() }], { tag: 'v2' }));
  const { images } = await darkroom.finished(job);
  expect((await fetch(`${darkroom.url}/jobs/${job}`, { method: 'DELETE' })).status).toBe(204);
  for (const path of [`/jobs/${job}`, images[0]!.original.href]) expect((await fetch(darkroom.url + path)).status).toBe(404);
});
