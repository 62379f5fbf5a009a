import type { Job, Photo } from '@darkroom/shared/job';
import { keys } from '@darkroom/shared/job/keys';
import { readJson } from '@darkroom/shared/store';
import type { Browser, Page } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { browserPath, openBrowser } from '../../../packages/lab/test/pipeline/browser.ts';
import { openServer, type ServerBench } from './server.ts';
import { jpeg } from './support.ts';

describe.skipIf(!browserPath)('the page, in Chromium (skipped without one: set CHROMIUM to its path)', () => {
  let bench: ServerBench;
  let browser: Browser;
  beforeAll(async () => {
    bench = await openServer({ OPTIONS: JSON.stringify({ sepia: { type: 'integer', minimum: 1, maximum: 9, default: 3 } }) });
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser.close();
    await bench.close();
  });

  const focused = (page: Page) =>
    page.evaluate<string>(
      '(({ id, ariaLabel, type, name, value, tagName }) => id || ariaLabel || (type === "checkbox" ? `${name} ${value}` : tagName))(document.activeElement)',
    );
  /** Goes on until something has the focus. */
  async function tabTo(page: Page, wanted: string): Promise<void> {
    const passed: string[] = [];
    while ((await focused(page)) !== wanted) {
      passed.push(await focused(page));
      expect(passed.length, `${wanted} after ${passed.join(', ')}`).toBeLessThan(30);
      await page.keyboard.press('Tab');
    }
  }

  test('everything can be done with the keyboard alone', async () => {
    const page = await browser.newPage({ reducedMotion: 'reduce' });
    page.setDefaultTimeout(0);
    // Asked for later, it would sometimes open before the browser has been told to hand it over.
    const choosing = page.waitForEvent('filechooser');
    await page.goto(bench.ingest.url);
    await tabTo(page, 'file');
    await page.keyboard.press('Enter');
    const chooser = await choosing;
    const photo = (name: string) => ({ name, mimeType: 'image/jpeg', buffer: jpeg });
    await chooser.setFiles([photo('a.jpg'), photo('b.jpg')]);
    await page.waitForSelector('#sheet li:nth-child(2)');
    await tabTo(page, 'Remove a.jpg');
    await page.keyboard.press('Enter');
    expect(await focused(page)).toBe('Remove b.jpg');
    await tabTo(page, 'filter grayscale');
    await page.keyboard.press('Space');
    await tabTo(page, 'sepia');
    await page.keyboard.press('ArrowUp');
    await tabTo(page, 'email');
    await page.keyboard.type('ada@example.org');
    await tabTo(page, 'SUMMARY');
    await page.keyboard.press('Enter');
    await tabTo(page, 'quality');
    await page.keyboard.type('80');
    await tabTo(page, 'send');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\?job=/);
    await page.waitForSelector('.line');
    expect(await focused(page)).toBe('heading');
    const job = new URL(page.url()).searchParams.get('job')!;
    const accepted = (await readJson(bench.lab.store, keys.job(job))) as Job;
    expect(accepted).toMatchObject({
      email: 'ada@example.org',
      filters: ['sepia'],
      options: { quality: 80, filters: { sepia: 4 } },
      images: [{ name: 'b.jpg' }],
    });
    await tabTo(page, 'share');
    await page.keyboard.press('Enter');
    await page.waitForSelector('#shared:not([hidden])');
    expect(await focused(page)).toBe('link');
    page.once('dialog', (dialog) => void dialog.accept());
    await page.keyboard.press('Shift+Tab');
    await tabTo(page, 'delete');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Deleted' }).waitFor();
    expect(await focused(page)).toBe('heading');
    await page.close();
  });

  test('a print is compared with its original, by keys as well', async () => {
    const { store } = bench.lab;
    const job = await bench.lab.accept({ filters: ['sepia'] });
    const [image] = job.images as [Photo];
    const picture = (background: string) =>
      sharp({ create: { width: 600, height: 400, channels: 3, background } })
        .jpeg()
        .toBuffer();
    await store.write(keys.original(job.job, image), await picture('#00f'));
    await store.write(keys.print(job, image, 'sepia'), await picture('#f00'));
    const page = await browser.newPage({ reducedMotion: 'reduce' });
    page.setDefaultTimeout(0);
    await page.goto(`${bench.ingest.url}/?job=${job.job}`);
    const link = page.locator('[data-filter="sepia"] a').first();
    await link.focus();
    await page.keyboard.press('Enter');
    await page.waitForSelector('#lightbox[open]');
    await page.evaluate("Promise.all([...document.querySelectorAll('.frame img')].map((each) => each.decode()))");
    const { width: wide, height } = page.viewportSize()!;
    /** Where the original ends and the print begins, as a share of the width. */
    async function seam(): Promise<number> {
      const { data, info } = await sharp(await page.screenshot())
        .removeAlpha()
        .raw()
        .toBuffer({ resolveWithObject: true });
      const row = Array.from({ length: info.width }, (_, x) =>
        data.subarray((Math.floor(height / 2) * info.width + x) * 3).subarray(0, 3),
      );
      const [blue, red] = [2, 0].map(
        (channel) => row.filter((pixel) => pixel[channel]! > 200 && pixel[2 - channel]! < 60).length,
      );
      expect(blue! + red!).toBeGreaterThan(wide / 3);
      return blue! / (blue! + red!);
    }
    expect(await seam()).toBeCloseTo(0.5, 1);
    await tabTo(page, 'slider');
    for (let count = 0; count < 30; count += 1) await page.keyboard.press('ArrowRight');
    const later = await seam();
    expect(later).toBeGreaterThan(0.7);
    await tabTo(page, 'previous');
    await page.keyboard.press('Enter');
    expect(await page.textContent('#pictured')).toContain('the original');
    expect(await page.locator('#slider').isVisible()).toBe(false);
    await page.keyboard.press('Escape');
    expect(await page.locator('#lightbox').isVisible()).toBe(false);
    expect(await page.evaluate(`document.activeElement === document.querySelector('[data-filter="sepia"] a')`)).toBe(true);
    await page.close();
  });

  test('the first view is one request', async () => {
    const page = await browser.newPage();
    const asked: string[] = [];
    page.on('request', (request) => void asked.push(request.url()));
    await page.goto(bench.ingest.url, { waitUntil: 'networkidle' });
    expect(asked.filter((url) => !url.startsWith('data:'))).toEqual([`${bench.ingest.url}/`]);
    await page.close();
  });
});
