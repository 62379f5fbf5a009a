import type { Photo } from '@darkroom/shared/job';
import { keys } from '@darkroom/shared/job/keys';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { browserPath, openBrowser } from '../../../packages/lab/test/pipeline/browser.ts';
import { photo } from '../../../packages/shared/test/support/lab.ts';
import { openServer, type ServerBench } from './server.ts';

const shapes = [
  { name: 'panorama.jpg', width: 1600, height: 200, shown: 5 / 2 },
  { name: 'tower.jpg', width: 200, height: 1600, shown: 3 / 4 },
  { name: 'landscape.jpg', width: 900, height: 600, shown: 3 / 2 },
  // Sharp: as large as it is.
  { name: 'tiny.jpg', width: 60, height: 48, shown: 60 / 48 },
];

describe.skipIf(!browserPath)('pictures of any shape, in Chromium (skipped without one: set CHROMIUM to its path)', () => {
  let bench: ServerBench;
  let browser: Browser;
  let job: string;
  beforeAll(async () => {
    bench = await openServer({ MAX_FILE_BYTES: '1000000' });
    browser = await openBrowser();
    const bytes = await Promise.all(shapes.map((shape) => photo('jpeg', shape)));
    const images = shapes.map(({ name, width, height }, index): Photo => {
      return { image: String(index + 1), name, type: 'image/jpeg', bytes: bytes[index]!.length, width, height };
    });
    const accepted = await bench.lab.accept({ images });
    for (const [index, image] of images.entries()) {
      await bench.lab.store.write(keys.original(accepted.job, image), bytes[index]!);
      await bench.lab.store.write(keys.print(accepted, image, 'grayscale'), bytes[index]!);
    }
    ({ job } = accepted);
  });
  afterAll(async () => {
    await browser.close();
    await bench.close();
  });

  async function open(path: string, javaScriptEnabled: boolean): Promise<Page> {
    const page = await browser.newPage({ javaScriptEnabled, reducedMotion: 'reduce' });
    page.setDefaultTimeout(0);
    await page.goto(bench.ingest.url + path);
    await page.locator('.line img').first().waitFor();
    for (const picture of await page.locator('.line img').all()) await picture.scrollIntoViewIfNeeded();
    await page.waitForLoadState('networkidle');
    return page;
  }
  const ratioOf = async (page: Page, index: number) => {
    const { width, height } = (await page.locator('.line').nth(index).locator('img').nth(1).boundingBox())!;
    return width / height;
  };

  test.each([
    ['with JavaScript', true],
    ['without', false],
  ])('a panorama is no stripe, a tower no splinter, and a tiny picture not blurred: %s', async (_which, hasScripts) => {
    const page = await open(hasScripts ? `/?job=${job}` : `/jobs/${job}`, hasScripts);
    for (const [index, { shown }] of shapes.entries()) expect(await ratioOf(page, index)).toBeCloseTo(shown, 1);
    expect((await page.locator('.line').nth(3).locator('img').first().boundingBox())!.width).toBeCloseTo(60, 0);
    await page.close();
  });

  test('until it is there, a print takes the same room', async () => {
    const page = await open(`/?job=${job}`, true);
    for (const index of shapes.keys()) {
      const line = page.locator('.line').nth(index);
      const [made, pending] = await Promise.all(
        ['.succeeded', '.pending'].map(
          async (kind) => (await line.locator(`figure${kind} > :first-child`).boundingBox())!.height,
        ),
      );
      // A tiny picture stands on a card that is about as wide as the room that is meant.
      expect(Math.abs(made! - pending!)).toBeLessThan(12);
    }
    await page.close();
  });
});
