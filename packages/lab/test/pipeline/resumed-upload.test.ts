import { execFile } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import sharp from 'sharp';
import { Upload } from 'tus-js-client';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { childrenOf } from '../../../shared/test/support/processes.ts';
import { browserPath, openBrowser } from './browser.ts';
import { type Darkroom, eventually, openDarkroom, type Status } from './darkroom.ts';
import { type Line, type LineFaults, openLine } from './line.ts';

const run = promisify(execFile);

let darkroom: Darkroom;
beforeAll(async () => {
  darkroom = await openDarkroom();
});
afterAll(() => darkroom.close());

async function lineWith(faults: LineFaults): Promise<Line> {
  const line = await openLine(new URL(darkroom.url), faults);
  onTestFinished(() => line.close());
  return line;
}

/** Noise, which nothing makes smaller: a PNG of about three bytes per pixel. */
const noise = (side: number) =>
  sharp(randomBytes(side * side * 3), { raw: { width: side, height: side, channels: 3 } })
    .png({ compressionLevel: 0 })
    .toBuffer();

/** Kills every process of ingest, and waits until the runtime has started others. */
async function killIngest(): Promise<void> {
  const isIngest = (pid: number) => /(^|\0)K_REVISION=ingest-/.test(readFileSync(`/proc/${pid}/environ`, 'latin1'));
  const pids = childrenOf(darkroom.pid).filter(isIngest);
  // Both revisions.
  expect(pids).toHaveLength(2);
  for (const pid of pids) process.kill(pid, 'SIGKILL');
  for (const tag of ['v1', 'v2'])
    await eventually(async () => {
      const answer = await fetch(darkroom.url, { headers: { 'knative-serving-tag': tag } }).catch(() => undefined);
      return answer?.ok || undefined;
    });
}

async function post(uploads: string[], key: string): Promise<Status> {
  const form = new FormData();
  form.set('email', 'person@example.com');
  for (const id of uploads) form.append('upload', id);
  const answer = await fetch(darkroom.url, {
    method: 'POST',
    body: form,
    headers: { 'idempotency-key': key, 'knative-serving-tag': 'v2' },
  });
  expect(answer.status).toBe(202);
  return (await answer.json()) as Status;
}

const jobs = () => readdir(join(darkroom.folder, 'data/store/jobs')).catch(() => []);
const pieces = async () => {
  const items = await readdir(join(darkroom.folder, 'data/store/uploads'), { recursive: true }).catch(() => []);
  return items.filter((name) => /\/\d+$/.test(name));
};

async function isOriginal({ images }: Status, bytes: Buffer): Promise<boolean> {
  const original = await fetch(darkroom.url + images[0]!.original.href);
  return Buffer.from(await original.arrayBuffer()).equals(bytes);
}

test('20 MB over a line that breaks ten times, while ingest is killed twice: one job, one mail (tus-js-client)', async () => {
  const bytes = await noise(2600);
  expect(bytes.length).toBeGreaterThan(20_000_000);
  const before = await jobs();
  let kills = 0;
  const line = await lineWith({
    breakAfter: 1_900_000,
    mostBreaks: 10,
    async onBreak(count) {
      if (count !== 3 && count !== 7) return;
      await killIngest();
      kills += 1;
    },
  });
  const { promise: sent, resolve, reject } = Promise.withResolvers<void>();
  const upload = new Upload(bytes, {
    endpoint: `${line.url}/uploads`,
    metadata: { filename: 'noise.png' },
    retryDelays: Array<number>(50).fill(200),
    onSuccess: () => resolve(),
    onError: reject,
  });
  upload.start();
  await sent;
  expect([line.breaks(), kills]).toEqual([10, 2]);
  // It is the same upload all along.
  expect(await readdir(join(darkroom.folder, 'data/store/uploads'))).toHaveLength(1);

  const key = randomUUID();
  const id = upload.url!.split('/').at(-1)!;
  // As a client does that got no answer.
  const [{ job }, again] = [await post([id], key), await post([id], key)];
  expect(again.job).toBe(job);
  const status = await darkroom.finished(job);
  expect(status).toMatchObject({ status: 'completed', mail: { status: 'sent' }, images: [{ name: 'noise.png' }] });
  expect(await isOriginal(status, bytes)).toBe(true);
  expect(await darkroom.mailsOf(job)).toHaveLength(1);
  expect(await jobs()).toHaveLength(before.length + 1);
  expect(await pieces()).toEqual([]);
});

test('curl goes on where a line broke', async () => {
  const bytes = await noise(1000);
  const file = join(darkroom.folder, 'noise.png');
  await writeFile(file, bytes);
  const line = await lineWith({ breakAfter: 2_000_000, mostBreaks: 1 });
  const tus = ['--silent', '--header', 'Tus-Resumable: 1.0.0'];
  const headersOf = async (...options: string[]) => (await run('curl', [...tus, '--dump-header', '-', ...options])).stdout;
  const begun = await headersOf('--request', 'POST', '--header', `Upload-Length: ${bytes.length}`, `${line.url}/uploads`);
  const path = /^location: (\S+)/im.exec(begun)![1]!;
  const address = line.url + path;
  const send = (offset: string) =>
    run('sh', [
      '-c',
      `tail -c +$(( ${offset} + 1 )) "$0" | curl "$@" --data-binary @-`,
      file,
      ...tus,
      '--fail',
      '--request',
      'PATCH',
      '--header',
      `Upload-Offset: ${offset}`,
      '--header',
      'Content-Type: application/offset+octet-stream',
      address,
    ]);
  await expect(send('0')).rejects.toThrow();
  const offset = /^upload-offset: (\d+)/im.exec(await headersOf('--head', address))![1]!;
  // How much of it ingest had read when the line broke depends on the machine.
  expect(Number(offset)).toBeGreaterThan(0);
  expect(Number(offset)).toBeLessThan(bytes.length);
  await send(offset);
  const form = ['--silent', '--form', `upload=${path.split('/').at(-1)}`, '--form', 'email=person@example.com', darkroom.url];
  const { job } = JSON.parse((await run('curl', form)).stdout) as Status;
  const status = await darkroom.finished(job);
  expect(status.status).toBe('completed');
  expect(await isOriginal(status, bytes)).toBe(true);
});

describe.skipIf(!browserPath)('the page, in Chromium (skipped without one: set CHROMIUM to its path)', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser.close());

  async function choose(url: string, files: { name: string; buffer: Buffer }[]): Promise<Page> {
    const page = await browser.newPage();
    page.setDefaultTimeout(0);
    await page.goto(url);
    await page.setInputFiles(
      '#file',
      files.map((file) => ({ ...file, mimeType: 'image/png' })),
    );
    await page.waitForSelector(`#sheet li:nth-child(${files.length})`);
    await page.fill('#email', 'person@example.com');
    return page;
  }

  test('goes on over a line that breaks, and says so', async () => {
    const before = await jobs();
    const line = await lineWith({
      breakAfter: 3_000_000,
      mostBreaks: 4,
      onBreak: (count) => (count === 2 ? killIngest() : undefined),
    });
    const files = await Promise.all([1000, 1200].map(async (side) => ({ name: `${side}.png`, buffer: await noise(side) })));
    const page = await choose(line.url, files);
    const said = page.getByText('The connection broke. Going on from where it was.').waitFor();
    await page.click('#send');
    await Promise.all([said, page.waitForURL(/\?job=/)]);
    expect(line.breaks()).toBeGreaterThanOrEqual(3);
    const job = new URL(page.url()).searchParams.get('job')!;
    const status = await darkroom.finished(job);
    expect(status).toMatchObject({ status: 'completed', images: [{ name: '1000.png' }, { name: '1200.png' }] });
    expect(await isOriginal(status, files[0]!.buffer)).toBe(true);
    expect(await darkroom.mailsOf(job)).toHaveLength(1);
    expect(await jobs()).toHaveLength(before.length + 1);
    await page.close();
  });

  test('50 photos over a line of half a megabit a second', async () => {
    const line = await lineWith({ bytesPerSecond: 500_000 / 8 });
    const buffer = await noise(170);
    const files = Array.from({ length: 50 }, (_, index) => ({ name: `${index + 1}.png`, buffer }));
    const page = await choose(line.url, files);
    await page.click('#send');
    await page.getByText(/left$/).waitFor();
    await page.waitForURL(/\?job=/);
    const status = await darkroom.finished(new URL(page.url()).searchParams.get('job')!);
    expect(status.status).toBe('completed');
    expect(status.images.map(({ name }) => name)).toEqual(files.map(({ name }) => name));
    await page.close();
  });

  test('gives up in the end, and the next press goes on from there', async () => {
    const line = await lineWith({ breakAfter: 5_500_000, mostBreaks: 1 });
    const bytes = await noise(1500);
    const page = await choose(line.url, [{ name: 'a.png', buffer: bytes }]);
    await page.clock.install();
    let isOut = true;
    const begun: string[] = [];
    await page.route('**/uploads**', (route) => {
      const method = route.request().method();
      if (method === 'POST') begun.push(route.request().url());
      return isOut && line.breaks() > 0 ? route.abort() : route.continue();
    });
    await page.click('#send');
    // The pauses between its attempts, without waiting for them.
    while (await page.locator('#fault').isHidden()) await page.clock.runFor(5000);
    expect(await page.textContent('#fault')).toContain('go on from where it was');
    isOut = false;
    await page.click('#send');
    await page.waitForURL(/\?job=/);
    expect(begun).toHaveLength(1);
    const status = await darkroom.finished(new URL(page.url()).searchParams.get('job')!);
    expect(await isOriginal(status, bytes)).toBe(true);
    await page.close();
  });

  test('cancelled, it removes what had arrived', async () => {
    const before = await jobs();
    const others = await pieces();
    const line = await lineWith({ bytesPerSecond: 1_000_000 });
    const page = await choose(line.url, [{ name: 'a.png', buffer: await noise(1500) }]);
    await page.click('#send');
    await expect.poll(async () => (await pieces()).length).toBeGreaterThan(others.length);
    await page.click('#cancel');
    await page.getByText('Cancelled. Nothing is developed.').waitFor();
    await expect.poll(pieces).toEqual(others);
    expect(await jobs()).toEqual(before);
    await page.close();
  });
});
