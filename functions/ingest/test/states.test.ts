import { mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Job, Photo } from '@darkroom/shared/job';
import { keys } from '@darkroom/shared/job/keys';
import { json } from '@darkroom/shared/store';
import type { AxeResults } from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { browserPath, openBrowser } from '../../../packages/lab/test/pipeline/browser.ts';
import { photo } from '../../../packages/shared/test/support/lab.ts';
import { openServer, type ServerBench } from './server.ts';

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** A folder for pictures of every state, to be looked at; none are taken if absent. */
const { SCREENSHOTS } = process.env;

const screens = [
  { name: 'desktop', viewport: { width: 1280, height: 900 }, isMobile: false },
  { name: 'phone', viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true },
].flatMap((screen) => (['light', 'dark'] as const).map((colorScheme) => ({ ...screen, colorScheme })));

const file = (name: string, buffer: Buffer) => ({ name, mimeType: 'application/octet-stream', buffer });
const [large, small] = [await photo('jpeg', { width: 900, height: 600 }), await photo('jpeg')];
const letter = Buffer.from('Dear lab,');
/** What only the lab itself can tell: it starts like a JPEG. */
const torn = Buffer.concat([small.subarray(0, 20), Buffer.alloc(100)]);

describe.skipIf(!browserPath)('each state of the page, in Chromium (skipped without one: set CHROMIUM to its path)', () => {
  let bench: ServerBench;
  /** Where only programs may post. */
  let keyed: ServerBench;
  let browser: Browser;
  beforeAll(async () => {
    const tone = { type: 'integer', minimum: 1, maximum: 9, default: 3, title: 'Warmth, 1 to 9' };
    bench = await openServer({ MAX_FILE_BYTES: '1000000', OPTIONS: JSON.stringify({ sepia: tone }) });
    keyed = await openServer({ API_KEYS: `shop:${'0'.repeat(64)}`, API_KEYS_REQUIRED: 'true' });
    browser = await openBrowser();
    if (SCREENSHOTS) await mkdir(SCREENSHOTS, { recursive: true });
  });
  afterAll(async () => {
    await browser.close();
    await keyed.close();
    await bench.close();
  });

  /** A job at some point of its way. */
  async function job(state: 'waiting' | 'half' | 'done' | 'failed', changes: Partial<Job> = {}): Promise<string> {
    const { store } = bench.lab;
    const refused = [{ name: 'letter.jpg', reason: 'This is not an image that can be developed.' }];
    const names = ['harbour.jpg', 'a ridge in the evening.jpg'];
    const seen = { type: 'image/jpeg', bytes: large.length, width: 900, height: 600 } as const;
    const photos = names.map((name, index) => ({ image: String(index + 1), name, ...seen }));
    const accepted = await bench.lab.accept({ images: photos, refused, ...changes });
    const { job: id, images, filters } = accepted;
    for (const image of images) await store.write(keys.original(id, image), large);
    const write = (image: Photo, filter: string) => store.write(keys.print(accepted, image, filter), large);
    if (state === 'half') await write(images[0]!, 'sepia');
    if (state === 'done') for (const image of images) for (const filter of filters) await write(image, filter);
    if (state === 'failed')
      for (const image of images)
        for (const filter of filters)
          await store.write(keys.rejection(id, image.image, filter), json({ reason: 'The file is damaged.' }));
    if (state === 'done') await store.write(keys.archive(id), Buffer.alloc(5_000_000));
    const status = state === 'done' ? 'completed' : 'failed';
    const end = { status, completedAt: new Date().toISOString(), mail: state === 'done' ? 'sent' : 'failed' };
    if (state === 'done' || state === 'failed') await store.write(keys.completed(id), json(end));
    return id;
  }

  const choose = async (page: Page, files: { name: string; mimeType: string; buffer: Buffer }[]) => {
    await page.setInputFiles('#file', files);
    await page.waitForSelector('#sheet li, #unfit li');
  };
  const open = (page: Page, path = '/') => page.goto(bench.ingest.url + path);
  const slow = { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 60_000 };

  /** Each brings the page into a state. */
  const states: Record<string, (page: Page) => Promise<void>> = {
    empty: async (page) => void (await open(page)),
    async keyed(page) {
      await page.goto(keyed.ingest.url);
      await page.getByText('Photos can only be sent with an API key here').waitFor();
      expect(await page.isDisabled('#send')).toBe(true);
    },
    async chosen(page) {
      await open(page);
      await choose(page, [file('harbour.jpg', small), file('a-ridge-in-the-evening.jpg', small)]);
    },
    async unfit(page) {
      await open(page);
      await choose(page, [
        file('letter.jpg', letter),
        file('big.jpg', Buffer.alloc(1_000_001)),
        file('empty.jpg', Buffer.alloc(0)),
      ]);
      expect(await page.locator('#unfit li').count()).toBe(3);
    },
    async options(page) {
      await open(page);
      await page.click('summary');
    },
    async 'one filter'(page) {
      await states['chosen']!(page);
      await page.getByRole('checkbox', { name: 'sepia' }).uncheck();
    },
    async 'no filter'(page) {
      await states['one filter']!(page);
      await page.getByRole('checkbox', { name: 'grayscale' }).uncheck();
      await page.click('#send');
      await page.waitForSelector('#fault:not([hidden])');
    },
    async sending(page) {
      await open(page);
      await choose(page, [file('a.jpg', small), file('b.jpg', Buffer.concat([small, Buffer.alloc(900_000)]))]);
      await (await page.context().newCDPSession(page)).send('Network.emulateNetworkConditions', slow);
      await page.click('#send');
      await page.getByText(/left$/).waitFor();
    },
    async cancelled(page) {
      await states['sending']!(page);
      await page.click('#cancel');
      await page.getByText('Cancelled. Nothing was sent.').waitFor();
    },
    async refused(page) {
      await open(page);
      await choose(page, [file('torn.jpg', torn)]);
      await page.click('#send');
      await page.waitForSelector('#fault:not([hidden])');
    },
    async waiting(page) {
      await open(page, `/?job=${await job('waiting')}`);
      await page.waitForSelector('.line');
    },
    async half(page) {
      await open(page, `/?job=${await job('half')}`);
      await page.waitForSelector('.succeeded img');
    },
    async done(page) {
      await open(page, `/?job=${await job('done')}`);
      await page.getByText(/are kept for 7 days\. Whoever has the link/).waitFor();
      await page.waitForSelector('#archive:not([hidden])');
      await page.evaluate(
        "Promise.all([...document.querySelectorAll('#lines img')].map((image) => { image.loading = 'eager'; return image.decode(); }))",
      );
    },
    async 'done from a mail'(page) {
      await open(page, `/?job=${await job('done')}#delete`);
      await page.waitForSelector('#delete:focus');
    },
    async compared(page) {
      await states['done']!(page);
      await page.click('[data-image="2"] [data-filter="sepia"] img');
      await page.waitForSelector('#lightbox[open]');
    },
    async failed(page) {
      await open(page, `/?job=${await job('failed')}`);
      await page.waitForSelector('.rejected');
    },
    async shared(page) {
      await states['done']!(page);
      await page.click('#share');
      await page.waitForSelector('#shared:not([hidden])');
      await page.waitForSelector('#copied:not([hidden])');
    },
    async viewer(page) {
      await states['shared']!(page);
      await page.goto(await page.inputValue('#link'));
      await page.waitForSelector('#archive:not([hidden])');
      expect(await page.locator('#delete, #share').filter({ visible: true }).count()).toBe(0);
    },
    async trouble(page) {
      await open(page, `/?job=${await job('waiting')}`);
      await page.waitForSelector('.line');
      await page.context().setOffline(true);
      await page.evaluate("document.querySelector('#trouble button').click()");
      await page.waitForSelector('#trouble:not([hidden])');
    },
    async deleted(page) {
      await states['done']!(page);
      page.once('dialog', (dialog) => void dialog.accept());
      await page.click('#delete');
      await page.getByRole('heading', { name: 'Deleted' }).waitFor();
    },
    async unknown(page) {
      await open(page, '/?job=00000000-0000-0000-0000-000000000000');
      await page.getByRole('heading', { name: 'Nothing hangs here' }).waitFor();
    },
    async earlier(page) {
      await open(page);
      await choose(page, [file('harbour.jpg', small), file('ridge.jpg', small)]);
      await page.click('#send');
      await page.waitForURL(/\?job=/);
      await open(page);
      await page.waitForSelector('#earlier li');
    },
  };

  /** The same without JavaScript. */
  const plain: Record<string, (page: Page) => Promise<void>> = {
    'plain form': states['empty']!,
    async 'plain refusal'(page) {
      await open(page);
      await page.setInputFiles('#file', [file('letter.jpg', letter)]);
      await page.click('#send');
      await page.getByText('This is not an image').waitFor();
    },
    async 'plain success'(page) {
      await open(page);
      await page.setInputFiles('#file', [file('harbour.jpg', small), file('ridge.jpg', small)]);
      await page.click('#send');
      await page.getByRole('heading', { name: 'Your prints' }).waitFor();
      expect(page.url()).toMatch(/\/jobs\/[0-9a-f-]{36}$/);
    },
    async 'plain prints'(page) {
      await open(page, `/jobs/${await job('done')}`);
    },
    'plain nothing': async (page) => void (await open(page, '/nowhere')),
  };

  describe.each(screens)('$name, $colorScheme', ({ name, colorScheme, ...options }) => {
    async function shows(state: string, bring: (page: Page) => Promise<void>, hasScripts: boolean): Promise<void> {
      const context = await browser.newContext({
        ...options,
        colorScheme,
        javaScriptEnabled: hasScripts,
        reducedMotion: 'reduce',
      });
      const page = await context.newPage();
      page.setDefaultTimeout(0);
      const faults: string[] = [];
      page.on('pageerror', (error) => faults.push(error.message));
      page.on('console', (message) => message.text().includes('Content Security Policy') && faults.push(message.text()));
      try {
        await bring(page);
        if (SCREENSHOTS)
          await page.screenshot({
            path: join(SCREENSHOTS, `${name}-${colorScheme}-${state.replaceAll(' ', '-')}.png`),
            fullPage: true,
          });
        await page.context().setOffline(false);
        expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(options.viewport.width);
        const judged = hasScripts ? page : await withScripts(page);
        await judged.evaluate(axe);
        const { violations, passes } = await judged.evaluate<AxeResults>('axe.run()');
        const faultsOf = violations.flatMap(({ id, nodes }) =>
          nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
        );
        expect(faultsOf.join('\n')).toBe('');
        expect(passes.length).toBeGreaterThan(5);
        expect(faults).toEqual([]);
      } finally {
        await context.close();
      }
    }

    /** The same document where axe can run: it needs timers, which a page without scripts has not. */
    async function withScripts(page: Page): Promise<Page> {
      const context = await browser.newContext({ ...options, colorScheme });
      const copy = await context.newPage();
      await copy.setContent((await page.content()).replaceAll(/<script[^]*?<\/script>/g, ''));
      return copy;
    }

    test.each(Object.entries(states))('%s', (state, bring) => shows(state, bring, true));
    test.each(Object.entries(plain))('%s', (state, bring) => shows(state, bring, false));
  });
});
