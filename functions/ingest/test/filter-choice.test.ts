import { randomBytes } from 'node:crypto';
import type { Job } from '@darkroom/shared/job';
import { keys } from '@darkroom/shared/job/keys';
import { readJson } from '@darkroom/shared/store';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { browserPath, openBrowser } from '../../../packages/lab/test/pipeline/browser.ts';
import { openServer, type ServerBench } from './server.ts';
import { jpeg } from './support.ts';

/** Notes the names of the fields that are sent. */
const noteForm = `{
  const { send } = XMLHttpRequest.prototype;
  XMLHttpRequest.prototype.send = function (form) {
    window.sent = [...form.keys()];
    send.call(this, form);
  };
}`;

describe.skipIf(!browserPath)('the choice of filters, in Chromium (skipped without one: set CHROMIUM to its path)', () => {
  let bench: ServerBench;
  let browser: Browser;
  beforeAll(async () => {
    const OPTIONS = JSON.stringify({ sepia: { type: 'integer', minimum: 1, maximum: 9, default: 3 } });
    bench = await openServer({ OPTIONS, MAX_FILE_BYTES: '10000000' });
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser.close();
    await bench.close();
  });

  const box = (page: Page, name: string) => page.getByRole('checkbox', { name });

  /** Opens the page, and chooses a photo. */
  async function open(options: BrowserContextOptions = {}, buffer = jpeg): Promise<Page> {
    const page = await browser.newPage({ reducedMotion: 'reduce', ...options });
    page.setDefaultTimeout(0);
    await page.goto(bench.ingest.url);
    await page.setInputFiles('#file', { name: 'a.jpg', mimeType: 'image/jpeg', buffer });
    if (options.javaScriptEnabled !== false) await page.waitForSelector('#sheet li');
    return page;
  }

  async function jobOf(page: Page): Promise<Job> {
    await page.waitForURL(/job/);
    const id = /[0-9a-f-]{36}/.exec(page.url())![0];
    return (await readJson(bench.lab.store, keys.job(id))) as Job;
  }

  test('all are chosen; a post then says nothing of it, as one to an older revision must', async () => {
    const page = await open();
    expect([await box(page, 'grayscale').isChecked(), await box(page, 'sepia').isChecked()]).toEqual([true, true]);
    await page.evaluate(noteForm);
    await page.click('#send');
    const job = await jobOf(page);
    const sent = await page.evaluate<string[]>('window.sent');
    expect(sent).toContain('file');
    expect(sent).not.toContain('filter');
    expect(job.filters).toEqual(['grayscale', 'sepia']);
    await page.close();
  });

  test('one is left out, and what can be chosen for it goes with it', async () => {
    const page = await open();
    await page.fill('#sepia', '99');
    await box(page, 'sepia').uncheck();
    expect(await page.locator('#sepia').isVisible()).toBe(false);
    await page.click('#send');
    const { filters, options } = await jobOf(page);
    expect([filters, options]).toEqual([['grayscale'], {}]);
    await page.getByText('The photos of this job become grayscale prints').waitFor();
    await page.close();
  });

  test('nothing chosen is told before a byte leaves, and no longer once something is', async () => {
    const page = await open();
    const asked: string[] = [];
    page.on('request', (request) => void asked.push(request.url()));
    await box(page, 'grayscale').uncheck();
    await box(page, 'sepia').uncheck();
    await page.click('#send');
    await page.getByText('Choose at least one kind of print: grayscale or sepia.').waitFor();
    expect(asked).toEqual([]);
    expect(await page.evaluate<string>('document.activeElement.value')).toBe('grayscale');
    await page.keyboard.press('Space');
    expect(await page.locator('#fault').isVisible()).toBe(false);
    await page.click('#send');
    expect((await jobOf(page)).filters).toEqual(['grayscale']);
    await page.close();
  });

  test('photos that go in pieces carry the choice', async () => {
    const page = await open({}, Buffer.concat([jpeg, randomBytes(5_000_000)]));
    await box(page, 'grayscale').uncheck();
    const pieces = page.waitForRequest((request) => request.method() === 'PATCH');
    await page.click('#send');
    await pieces;
    const { filters, options } = await jobOf(page);
    expect([filters, options]).toEqual([['sepia'], { filters: { sepia: 3 } }]);
    await page.close();
  });

  test('without JavaScript, the same is chosen, and nothing chosen is refused on a page', async () => {
    const page = await open({ javaScriptEnabled: false });
    await box(page, 'grayscale').uncheck();
    await page.click('#send');
    expect((await jobOf(page)).filters).toEqual(['sepia']);
    await page.goBack();
    await page.setInputFiles('#file', { name: 'a.jpg', mimeType: 'image/jpeg', buffer: jpeg });
    await box(page, 'sepia').uncheck();
    await box(page, 'grayscale').uncheck();
    await page.click('#send');
    await page.getByText('“filter” must name one or more of grayscale, sepia').waitFor();
    await page.close();
  });

  test('where there is one filter, there is nothing to choose but what it offers', async () => {
    const one = await openServer({ FILTERS: 'sepia', OPTIONS: bench.environment['OPTIONS']! });
    const page = await browser.newPage();
    await page.goto(one.ingest.url);
    expect(await page.getByRole('checkbox').count()).toBe(0);
    await page.click('summary');
    expect(await page.inputValue('details #sepia')).toBe('3');
    await page.close();
    await one.close();
  });
});
