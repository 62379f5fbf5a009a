import { mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { AxeResults } from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { photo } from '../../../shared/test/support/lab.ts';
import { browserPath, openBrowser } from './browser.ts';
import { type Darkroom, type Mail, openDarkroom } from './darkroom.ts';

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** A folder for pictures of every mail, to be looked at; none are taken if absent. */
const { SCREENSHOTS } = process.env;

const languages = [
  { language: 'en', subject: 'Your 4 prints are ready', first: 'See your prints', deletion: 'Delete the photos' },
  { language: 'de', subject: 'Ihre 4 Abzüge sind fertig', first: 'Abzüge ansehen', deletion: 'Fotos löschen' },
];
const screens = [360, 700].flatMap((width) => (['light', 'dark'] as const).map((colorScheme) => ({ width, colorScheme })));

describe.skipIf(!browserPath)('the mail, in Chromium (skipped without one: set CHROMIUM to its path)', () => {
  let darkroom: Darkroom;
  let browser: Browser;
  const mails = new Map<string, { mail: Mail; job: string }>();
  beforeAll(async () => {
    darkroom = await openDarkroom();
    browser = await openBrowser();
    if (SCREENSHOTS) await mkdir(SCREENSHOTS, { recursive: true });
    const bytes = await photo('jpeg', { width: 900, height: 600 });
    const files = [
      { name: 'harbour.jpg', bytes },
      { name: 'a ridge in the evening, seen from <b>the other side.jpg', bytes },
      { name: 'torn.jpg', bytes: bytes.subarray(0, 3000) },
    ];
    for (const { language } of languages) {
      const answer = await darkroom.post(files, { tag: 'v2', language: `${language},fr;q=0.9` });
      const { job } = (await answer.json()) as { job: string };
      await darkroom.finished(job);
      mails.set(language, { mail: (await darkroom.mailsOf(job))[0]!, job });
    }
  });
  afterAll(async () => {
    await browser.close();
    await darkroom.close();
  });

  /** Opens a mail as the inbox shows it, but alone. */
  async function open(language: string, { width, colorScheme }: (typeof screens)[number]): Promise<Page> {
    const page = await browser.newPage({ viewport: { width, height: 740 }, colorScheme });
    page.setDefaultTimeout(0);
    // The inbox says nothing of the charset where it sends the HTML alone.
    await page.route('**/html', async (route) =>
      route.fulfill({ response: await route.fetch(), contentType: 'text/html; charset=utf-8' }),
    );
    await page.goto(`${darkroom.inboxUrl}/api/email/${mails.get(language)!.mail.id}/html`);
    return page;
  }

  describe.each(languages)('$language', ({ language, subject, first, deletion }) => {
    test.each(screens)('shows its print, at a width of $width, $colorScheme', async (screen) => {
      const page = await open(language, screen);
      expect(mails.get(language)!.mail.subject).toBe(subject);
      await page.getByRole('heading', { name: subject }).waitFor();
      await page.getByRole('img', { name: 'harbour.jpg, grayscale' }).waitFor();
      const sizes = 'document.images[0].decode().then(() => [document.images[0].naturalWidth, document.images[0].width])';
      const [natural, shown] = await page.evaluate<[number, number]>(sizes);
      expect(natural).toBe(480);
      expect(shown).toBeLessThanOrEqual(320);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(screen.width);
      const ground = await page.evaluate('getComputedStyle(document.body).backgroundColor');
      expect(ground).toBe(screen.colorScheme === 'dark' ? 'rgb(20, 16, 14)' : 'rgb(239, 235, 227)');
      await page.getByRole('link', { name: first }).waitFor();
      if (SCREENSHOTS) {
        const path = join(SCREENSHOTS, `mail-${language}-${screen.width}-${screen.colorScheme}.png`);
        await page.screenshot({ path, fullPage: true });
      }
      // The inbox drops the title.
      await page.evaluate(`document.title = 'Mail'; ${axe}`);
      const rules = JSON.stringify({ rules: { 'landmark-one-main': { enabled: false }, region: { enabled: false } } });
      const { violations } = await page.evaluate<AxeResults>(`axe.run(document, ${rules})`);
      expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join()}`)).toEqual([]);
      await page.close();
    });

    test('its links lead to the archive, and to the button that deletes, which asks first', async () => {
      const page = await open(language, screens[0]!);
      const { job } = mails.get(language)!;
      const archive = await page.getByRole('link', { name: /ZIP/ }).getAttribute('href');
      expect(
        Buffer.from(await (await fetch(archive!)).arrayBuffer())
          .subarray(0, 2)
          .toString(),
      ).toBe('PK');
      await page.getByRole('link', { name: deletion }).click();
      await page.locator('#delete:focus').waitFor();
      expect((await fetch(`${darkroom.url}/jobs/${job}`)).status).toBe(200);
      page.once('dialog', (dialog) => void dialog.accept());
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Deleted' }).waitFor();
      expect((await fetch(`${darkroom.url}/jobs/${job}`)).status).toBe(404);
      await page.close();
    });
  });
});
