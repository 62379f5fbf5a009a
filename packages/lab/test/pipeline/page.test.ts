import { readFile } from 'node:fs/promises';
import { unzipSync } from 'fflate';
import type { Browser, Page, BrowserContextOptions } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { rgb, tiff } from '../../../shared/test/images/tiff.ts';
import { photo } from '../../../shared/test/support/lab.ts';
import { browserPath, openBrowser, readPixels } from './browser.ts';
import { type Darkroom, eventually, openDarkroom } from './darkroom.ts';

/** What only the lab itself can tell: it starts like a JPEG. */
const torn = Buffer.concat([(await photo()).subarray(0, 20), Buffer.alloc(100)]);

describe.skipIf(!browserPath)('the page, in Chromium (skipped without one: set CHROMIUM to its path)', () => {
  let darkroom: Darkroom;
  let browser: Browser;
  beforeAll(async () => {
    darkroom = await openDarkroom();
    await darkroom.configure('versions/traffic.yaml', (text) =>
      text.replace('percent: 80', 'percent: 0').replace('percent: 20', 'percent: 100'),
    );
    await eventually(async () => (darkroom.output().includes('ingest-v2 100 %') ? true : undefined));
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser.close();
    await darkroom.close();
  });

  async function openPage(options: BrowserContextOptions = { viewport: { width: 1100, height: 900 } }): Promise<Page> {
    const page = await browser.newPage(options);
    // Only the test itself has a time limit.
    page.setDefaultTimeout(0);
    page.on('pageerror', (error) => expect.fail(`The page failed: ${error.message}`));
    page.on(
      'console',
      (message) =>
        message.type() === 'error' && message.text().includes('Content Security Policy') && expect.fail(message.text()),
    );
    await page.goto(darkroom.url);
    return page;
  }
  const send = async (page: Page, files: { name: string; mimeType: string; buffer: Buffer }[], email = 'person@example.com') => {
    await page.setInputFiles('#file', files);
    await page.waitForSelector('#sheet li');
    await page.fill('#email', email);
    await page.click('#send');
  };

  test('upload with progress, prints seen pixel by pixel, archive downloaded', async () => {
    const page = await openPage();
    await page.evaluate("globalThis.values = []; setInterval(() => values.push(document.querySelector('progress').value), 20)");
    const network = await page.context().newCDPSession(page);
    await network.send('Network.emulateNetworkConditions', {
      offline: false,
      latency: 5,
      downloadThroughput: -1,
      uploadThroughput: 150_000,
    });
    const original = await photo('png', { width: 450, height: 350 });
    const noise = await sharp({
      create: { width: 300, height: 200, channels: 3, background: 'grey', noise: { type: 'gaussian', mean: 128, sigma: 40 } },
    })
      .png()
      .toBuffer();
    await send(page, [
      { name: 'colours.png', mimeType: 'image/png', buffer: original },
      { name: 'noise.png', mimeType: 'image/png', buffer: noise },
    ]);
    await page.waitForSelector('#job:not([hidden])');
    expect((await page.evaluate<number[]>('values')).filter((value) => value > 0 && value < 100).length).toBeGreaterThan(1);
    await network.send('Network.emulateNetworkConditions', {
      offline: false,
      latency: 0,
      downloadThroughput: -1,
      uploadThroughput: -1,
    });

    await page.waitForSelector('#archive:not([hidden])');
    expect(page.url()).toMatch(/\?job=[0-9a-f-]{36}$/);
    const print = '[data-image="1"] [data-filter="grayscale"] img';
    await page.locator(print).scrollIntoViewIfNeeded();
    // The page may show a small copy; the print is behind it.
    const href = await page.getAttribute('[data-image="1"] [data-filter="grayscale"] a', 'href');
    const shown = await page.evaluate<number[]>(`(${readPixels})(Object.assign(new Image(), { src: '${href}' }))`);
    const source = await sharp(original).removeAlpha().raw().toBuffer();
    let furthest = 0;
    for (let pixel = 0; pixel < 450 * 350; pixel += 1) {
      const luma = (19595 * source[pixel * 3]! + 38470 * source[pixel * 3 + 1]! + 7471 * source[pixel * 3 + 2]! + 32768) >> 16;
      for (const channel of [0, 1, 2]) furthest = Math.max(furthest, Math.abs(shown[pixel * 4 + channel]! - luma));
    }
    expect(furthest).toBeLessThanOrEqual(1);

    const [download] = await Promise.all([page.waitForEvent('download'), page.click('#archive')]);
    const entries = unzipSync(await readFile(await download.path()));
    expect(Object.keys(entries)).toEqual([
      'original/colours.png',
      'original/noise.png',
      'grayscale/colours.png',
      'sepia/colours.png',
      'grayscale/noise.png',
      'sepia/noise.png',
      'manifest.json',
    ]);
    expect(Buffer.from(entries['original/colours.png']!).equals(original)).toBe(true);
    await page.close();
  });

  test('shows why a post was refused, and keeps the photos chosen', async () => {
    const page = await openPage();
    await send(page, [{ name: 'torn.jpg', mimeType: 'image/jpeg', buffer: torn }]);
    await page.waitForSelector('#fault:not([hidden])');
    expect(await page.textContent('#fault')).toContain('torn.jpg');
    expect(await page.locator('#sheet li').count()).toBe(1);
    await page.close();
  });

  test('names the bad one of two photos with its reason, and develops the other', async () => {
    const page = await openPage();
    await send(page, [
      { name: 'torn.jpg', mimeType: 'image/jpeg', buffer: torn },
      { name: 'good.png', mimeType: 'image/png', buffer: await photo('png') },
    ]);
    await page.waitForSelector('#refused:not([hidden])');
    expect(await page.textContent('#refused')).toContain('torn.jpg');
    await page.waitForSelector('[data-image="1"] [data-filter="sepia"] img');
    expect(await page.textContent('#lines')).toContain('good.png');
    expect(await page.textContent('#status')).toContain('1 photo could not be taken; the reason is below.');
    await page.close();
  });

  test('says above a print what it could not hold', async () => {
    const page = await openPage();
    await send(page, [
      { name: 'scan.tiff', mimeType: 'image/tiff', buffer: tiff([rgb(8, 8), rgb(8, 8)]) },
      { name: 'good.png', mimeType: 'image/png', buffer: await photo('png') },
    ]);
    await page.waitForSelector('[data-image="2"] [data-filter="sepia"] img');
    expect(await page.locator('.line .note').allTextContents()).toEqual([
      expect.stringMatching(/^Only the first of 2 pages is developed/),
    ]);
    expect(await page.textContent('[data-image="1"]')).toContain('Only the first of 2 pages');
    await page.close();
  });

  test('names what is no photo, too large or too much before a byte leaves', async () => {
    const page = await openPage();
    const posts: string[] = [];
    page.on('request', (request) => request.method() === 'POST' && posts.push(request.url()));
    const jpeg = await photo();
    const heic = Buffer.from('\0\0\0\x18ftypheic\0\0\0\0heicmif1', 'latin1');
    const good = Array.from({ length: 51 }, (_, index) => ({ name: `${index}.jpg`, mimeType: 'image/jpeg', buffer: jpeg }));
    await page.setInputFiles('#file', [
      { name: 'letter.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('Dear lab,') },
      { name: 'phone.heic', mimeType: 'image/heic', buffer: heic },
      { name: 'empty.png', mimeType: 'image/png', buffer: Buffer.alloc(0) },
      { name: 'huge.jpg', mimeType: 'image/jpeg', buffer: Buffer.concat([jpeg, Buffer.alloc(25 * 1024 * 1024)]) },
      ...good,
    ]);
    await page.waitForSelector('#unfit li:nth-child(5)');
    expect(await page.locator('#unfit li').allTextContents()).toEqual([
      expect.stringMatching(/^letter\.jpg This is not an image/),
      expect.stringMatching(/^phone\.heic This is a HEIC photo.*On the iPhone choose/),
      expect.stringMatching(/^empty\.png The file is empty/),
      expect.stringMatching(/^huge\.jpg It is larger than the 25\.0 MB/),
      expect.stringMatching(/^50\.jpg Only 50 photos can be sent at once/),
    ]);
    expect(await page.locator('#sheet li').count()).toBe(50);
    await page.click('#remove-all');
    expect(await page.locator('#sheet li').count()).toBe(0);
    expect(posts).toEqual([]);
    await page.close();
  });

  test('takes every format by its first bytes', async () => {
    const page = await openPage();
    const picture = sharp(await photo('png'));
    const types = ['jpeg', 'png', 'webp', 'avif', 'gif', 'tiff'] as const;
    const made = await Promise.all(types.map((type) => picture.clone().toFormat(type).toBuffer()));
    await page.setInputFiles(
      '#file',
      made.map((buffer, index) => ({ name: `${index}`, mimeType: '', buffer })),
    );
    await page.waitForSelector('#sheet li:nth-child(6)');
    expect(await page.locator('#unfit').isHidden()).toBe(true);
    await page.close();
  });

  test('without an address the prints are on the page, the tab tells, and this browser remembers', async () => {
    const page = await openPage();
    await send(page, [{ name: 'good.png', mimeType: 'image/png', buffer: await photo('png') }], '');
    await expect.poll(() => page.title()).toBe('Prints ready · Darkroom');
    expect(await page.textContent('#status')).toBe('All 2 prints are ready.');
    const job = new URL(page.url()).searchParams.get('job')!;
    expect(await darkroom.finished(job)).toMatchObject({ status: 'completed', mail: { status: 'none' } });
    expect(await darkroom.mailsOf(job)).toEqual([]);
    await page.goto(darkroom.url);
    await page.getByRole('link', { name: 'good.png' }).click();
    await page.getByText('All 2 prints are ready.').waitFor();
    await page.goto(darkroom.url);
    await page.click('#forget-all');
    expect(await page.locator('#earlier').isHidden()).toBe(true);
    await page.close();
  });

  test('somebody without a photo at hand can try a sample', async () => {
    const page = await openPage();
    await page.click('#sample');
    await page.waitForSelector('#sheet li');
    await page.click('#send');
    await page.waitForSelector('[data-filter="sepia"] img');
    const job = await darkroom.finished(new URL(page.url()).searchParams.get('job')!);
    expect(job).toMatchObject({ status: 'completed', images: [{ name: 'sample.jpg', width: 1200, height: 800 }] });
    await page.close();
  });

  /** What a page asks for the status of its job. */
  function questionsOf(page: Page): string[] {
    const asked: string[] = [];
    page.on('request', (request) => /\/jobs\/[^/]+$/.test(request.url()) && asked.push(request.url()));
    return asked;
  }

  test('follows a job by its events, and asks nothing as long as they come', async () => {
    const page = await openPage();
    const asked = questionsOf(page);
    // It would ask after half a second, in which a busy lab may not have sent the first one.
    await page.clock.install();
    await page.clock.pauseAt(Date.now() + 1000);
    await send(page, [{ name: 'good.png', mimeType: 'image/png', buffer: await photo('png', { width: 2000, height: 1500 }) }]);
    await page.getByText(/^Job .* accepted by/).waitFor();
    await page.clock.runFor(20_000);
    await page.waitForSelector('#archive:not([hidden])');
    expect(asked).toEqual([]);
    await page.close();
  });

  test('follows a job by asking where a proxy swallows its events', async () => {
    const page = await openPage();
    const asked = questionsOf(page);
    await page.route('**/events', () => {});
    await send(page, [{ name: 'good.png', mimeType: 'image/png', buffer: await photo('png') }]);
    await page.waitForSelector('#archive:not([hidden])');
    expect(asked).not.toEqual([]);
    await page.close();
  });

  test('warns before it is left while photos are sent', async () => {
    const page = await openPage();
    const network = await page.context().newCDPSession(page);
    const slow = { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 20_000 };
    await network.send('Network.emulateNetworkConditions', slow);
    const large = Buffer.concat([await photo(), Buffer.alloc(2_000_000)]);
    await send(page, [{ name: 'slow.jpg', mimeType: 'image/jpeg', buffer: large }]);
    await page.getByText(/left$/).waitFor();
    expect(await page.title()).toMatch(/^\d+ % sent/);
    const [dialog] = await Promise.all([page.waitForEvent('dialog'), page.evaluate('void setTimeout(() => location.reload())')]);
    expect(dialog.type()).toBe('beforeunload');
    await dialog.dismiss();
    await page.click('#cancel');
    await page.getByText('Cancelled. Nothing was sent.').waitFor();
    await page.close();
  });

  test('works on a phone: nothing wider than the screen', async () => {
    const page = await openPage({ viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true });
    await send(page, [
      {
        name: 'a-rather-long-name-of-a-photo-that-somebody-took-in-the-summer-holidays.jpg',
        mimeType: 'image/jpeg',
        buffer: await photo('jpeg', { width: 1200, height: 800 }),
      },
    ]);
    await page.waitForSelector('#archive:not([hidden])');
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
    await page.close();
  });
});
