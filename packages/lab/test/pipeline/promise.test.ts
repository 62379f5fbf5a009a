import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { photo } from '../../../shared/test/support/lab.ts';
import { browserPath, openBrowser } from './browser.ts';
import { type Darkroom, eventually, openDarkroom, type Status } from './darkroom.ts';

const visits = 200;
/** Pages open at a time. */
const windows = 4;

describe.skipIf(!browserPath)('what a page promises, in Chromium (skipped without one: set CHROMIUM to its path)', () => {
  let darkroom: Darkroom;
  let browser: Browser;
  beforeAll(async () => {
    darkroom = await openDarkroom();
    await darkroom.configure('versions/traffic.yaml', (text) =>
      text.replace('percent: 80', 'percent: 50').replace('percent: 20', 'percent: 50'),
    );
    await eventually(async () => (darkroom.output().includes('ingest-v2 50 %') ? true : undefined));
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser.close();
    await darkroom.close();
  });

  test(`${visits} pages at 50/50: each post gets what its page promised, and the share is that of the manifest`, async () => {
    const buffer = await photo('jpeg', { width: 16, height: 12 });
    let [left, second, elsewhere] = [visits, 0, 0];

    async function visit(page: Page): Promise<void> {
      await page.goto(darkroom.url);
      const promised = (await page.textContent('#promise'))!;
      await page.setInputFiles('#file', { name: 'a.jpg', mimeType: 'image/jpeg', buffer });
      await page.fill('#email', 'person@example.com');
      const [answer] = await Promise.all([
        page.waitForResponse((each) => each.request().method() === 'POST'),
        page.click('#send'),
      ]);
      const { revision, filters } = (await answer.json()) as Status;
      expect(promised.includes('sepia')).toBe(filters.includes('sepia'));
      expect(promised.includes('ZIP')).toBe(revision === 'ingest-v2');
      expect(filters).toEqual(revision === 'ingest-v2' ? ['grayscale', 'sepia'] : ['grayscale']);
      second += Number(revision === 'ingest-v2');
      elsewhere += Number(answer.headers()['x-darkroom-revision'] !== revision);
    }

    async function visitAll(): Promise<void> {
      const page = await browser.newPage();
      page.setDefaultTimeout(0);
      for (; left > 0;) {
        left -= 1;
        await visit(page);
      }
      await page.close();
    }

    await Promise.all(Array.from({ length: windows }, visitAll));
    // Four standard deviations of a binomial share: one run in 15,000 falls outside by chance.
    expect(Math.abs(second / visits - 0.5)).toBeLessThan(4 * Math.sqrt(0.25 / visits));
    // Otherwise the split was never in the way, and nothing was shown.
    expect(elsewhere).toBeGreaterThan(0);
  });
});
