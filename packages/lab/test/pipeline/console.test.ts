import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { imageUploaded } from '@darkroom/shared/events';
import { type Job, readJob } from '@darkroom/shared/job';
import { keys } from '@darkroom/shared/job/keys';
import { json } from '@darkroom/shared/store';
import { openStore } from '@darkroom/shared/store/open';
import { photo } from '../../../shared/test/support/lab.ts';
import { browserPath, openBrowser } from './browser.ts';
import { type Darkroom, openDarkroom, type Status } from './darkroom.ts';

/** Runs in the page: notes the names of the parts of the picture that light up. */
const watchLights = `globalThis.lit = new Set();
  setInterval(() => {
    for (const node of document.querySelectorAll('.node.lit')) lit.add(node.querySelector('b').textContent);
  }, 20);`;

describe.skipIf(!browserPath)('the console, in Chromium (skipped without one: set CHROMIUM to its path)', () => {
  let darkroom: Darkroom;
  let browser: Browser;
  beforeAll(async () => {
    darkroom = await openDarkroom();
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser.close();
    await darkroom.close();
  });

  async function openConsole(options: BrowserContextOptions = { viewport: { width: 1280, height: 1000 } }): Promise<Page> {
    const page = await browser.newPage(options);
    // Only the test itself has a time limit.
    page.setDefaultTimeout(0);
    page.on('pageerror', (error) => expect.fail(`The page failed: ${error.message}`));
    page.on(
      'console',
      (message) =>
        message.type() === 'error' && message.text().includes('Content Security Policy') && expect.fail(message.text()),
    );
    await page.goto(darkroom.consoleUrl);
    await page.getByText('Live.').waitFor();
    return page;
  }

  async function post(tag = 'v2'): Promise<string> {
    const answer = await darkroom.post([{ name: 'a.jpg', bytes: await photo() }], { tag });
    return ((await answer.json()) as Status).job;
  }

  test('the address of the banner opens it, and the token does not stay in the address', async () => {
    const page = await openConsole();
    expect(page.url()).toBe(`${new URL(darkroom.consoleUrl).origin}/`);
    expect(darkroom.output()).toContain(`Console  ${darkroom.consoleUrl}`);
    await page.reload();
    await page.getByText('Live.').waitFor();
    await page.close();
  });

  test('a job is followed from the post to its mail, while the process of a filter is killed', async () => {
    const page = await openConsole();
    await page.getByRole('tab', { name: 'Processes' }).click();
    const sepia = page.locator('#processes .card', { hasText: 'sepia' });
    const pid = Number(/process (\d+)/.exec(await sepia.innerText())![1]);
    // It takes its event, and does no more.
    process.kill(pid, 'SIGSTOP');
    await page.evaluate(watchLights);
    const job = await post();
    await page.fill('#wanted', `job=${job}`);
    await expect
      .poll(() => page.evaluate<string[]>('[...lit]'))
      .toEqual(expect.arrayContaining(['default', 'sepia', 'grayscale']));
    const uploaded = page.getByRole('option', { name: 'image.uploaded' });
    await uploaded.getByText('1 delivered').waitFor();
    await uploaded.getByText('1 under way').waitFor();
    await page.getByRole('button', { name: 'Kill sepia' }).click();
    await page.getByText('sepia was killed.').waitFor();
    await sepia.getByText('1 restart; the last one was ended by SIGKILL').waitFor();

    expect(await darkroom.finished(job)).toMatchObject({ status: 'completed' });
    await page.getByRole('option', { name: 'job.completed' }).waitFor();
    await uploaded.click();
    const steps = page.locator('#timeline .step');
    await steps.filter({ hasText: 'job.completed' }).waitFor();
    const [first] = await steps.allInnerTexts();
    expect(first).toMatch(/sepia: delivered[^]*after [^]*, again in [\d.]+ m?s[^]*2\d\d after/);
    expect((await steps.allInnerTexts()).join()).toMatch(/archive\.created[^]*notify-archive → notify: delivered/);
    expect(await darkroom.mailsOf(job)).toHaveLength(1);

    await steps.first().getByRole('button').click();
    await page.getByRole('dialog').getByText(job).first().waitFor();
    await page.getByRole('button', { name: 'Send again' }).click();
    await page.getByText('The event was sent again.').waitFor();
    await expect.poll(() => page.getByRole('option', { name: 'image.uploaded' }).count()).toBe(2);
    await page.close();
  });

  test("an event of one's own reaches the Broker", async () => {
    const page = await openConsole();
    await page.getByRole('tab', { name: 'Send' }).click();
    await page.fill('#attributes', 'type=somebody.said\nwhat=<b>hello</b>');
    await page.getByRole('button', { name: 'Send', exact: true }).click();
    await page.getByText('The event was sent.').waitFor();
    await page.getByRole('option', { name: 'somebody.said' }).click();
    await page.locator('#timeline .step button').click();
    expect(await page.getByRole('dialog').innerText()).toContain('<b>hello</b>');
    await page.close();
  });

  test('an event that the Broker refuses is listed with its reason', async () => {
    const page = await openConsole();
    await page.getByRole('tab', { name: 'Send' }).click();
    await page.fill('#attributes', 'id=without-type\nwhat=nothing');
    await page.getByRole('button', { name: 'Send', exact: true }).click();
    await page.locator('#fault').getByText('The attribute type is missing.').waitFor();
    await page.selectOption('#state', 'refused');
    await page.getByRole('option', { name: 'without-type' }).getByText('refused, 400').click();
    await page.locator('#timeline').getByText('Refused with 400: The attribute type is missing.').waitFor();
    await page.close();
  });

  test('the slider moves, and posts follow it; with the keyboard alone', async () => {
    const page = await openConsole();
    await page.getByRole('tab', { name: 'Timeline' }).focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    await page.getByRole('slider', { name: 'ingest-v2' }).focus();
    await page.keyboard.press('End');
    await page.getByText('The next request to ingest follows the new split.').waitFor();
    expect(await page.getByRole('slider', { name: 'ingest-v1' }).inputValue()).toBe('0');
    await page.locator('#board').getByText('ingest-v2 100 %').waitFor();
    for (let count = 0; count < 20; count += 1) {
      const answer = await darkroom.post([{ name: 'a.jpg', bytes: await photo() }]);
      expect(answer.headers.get('x-darkroom-revision')).toMatch(/v2/);
    }
    await page.close();
  });

  test('a dead letter is seen with its reason, and replayed', async () => {
    const job = await post();
    await darkroom.finished(job);
    // As sweep leaves it when sepia has failed too often: a rejected print, and the dead letter.
    const store = openStore(`file:${darkroom.folder}/data/store`);
    const accepted = (await readJob(store, job)) as Job;
    await store.remove(keys.print(accepted, accepted.images[0]!, 'sepia'));
    await store.write(keys.rejection(job, '1', 'sepia'), json({ reason: 'The sepia stage failed.' }));
    const { type, source, id } = imageUploaded(accepted, '1');
    const event = { type, source, id, job, image: '1', grayscale: 'true', sepia: 'true', archive: 'true' };
    const letter = { event, stage: 'sepia', code: '500', reason: 'out of memory', count: 3, at: new Date().toISOString() };
    await store.write(keys.dead(job, '1', 'sepia'), json(letter));

    const page = await openConsole();
    await page.getByRole('tab', { name: 'Dead letters' }).click();
    await page.getByText('500 out of memory').waitFor();
    await page.getByRole('button', { name: `Replay ${job}.1.sepia` }).click();
    await page.getByText(`${job}.1.sepia was sent again.`).waitFor();
    await page.getByText('0 dead letters kept').waitFor();
    expect(await darkroom.finished(job)).toMatchObject({
      status: 'completed',
      images: [{ results: { sepia: { status: 'succeeded' } } }],
    });
    expect(await darkroom.mailsOf(job)).toHaveLength(2);
    await page.close();
  });

  test('of 10,000 events only those are drawn that are seen, and the keyboard reaches the last', async () => {
    const page = await openConsole();
    const token = darkroom.token;
    const publish = (id: number) =>
      fetch(darkroom.brokerUrl, {
        method: 'POST',
        headers: {
          'ce-specversion': '1.0',
          'ce-id': `many-${id}`,
          'ce-source': '/test',
          'ce-type': 'test.many',
          authorization: `Bearer ${token}`,
        },
      });
    for (let first = 0; first < 10_000; first += 50)
      await Promise.all(Array.from({ length: 50 }, (_, index) => publish(first + index)));
    await page.getByText('10,000 events').waitFor();
    await page.locator('#list').focus();
    await page.keyboard.press('End');
    const chosen = page.locator('#list [aria-selected="true"]');
    await chosen.waitFor();
    expect([await chosen.getAttribute('aria-posinset'), await chosen.getAttribute('aria-setsize')]).toEqual(['10000', '10000']);
    expect(await page.locator('#list').getAttribute('aria-activedescendant')).toBe(await chosen.getAttribute('id'));
    expect(await page.locator('.row').count()).toBeLessThan(60);
    await page.close();
  });

  test('charts: version beside version, each in its own colour in all of them; with the keyboard, at any moment', async () => {
    const page = await openConsole();
    const jobs = await Promise.all(['v1', 'v1', 'v2'].map((tag) => post(tag)));
    for (const job of jobs) await darkroom.finished(job);
    await page.getByRole('link', { name: 'Charts' }).click();
    const chart = (title: string) => page.locator('.chart', { has: page.getByText(title, { exact: true }) });
    const row = (title: string, version: string) => chart(title).getByRole('listitem').filter({ hasText: version });
    for (const version of ['ingest-v1', 'ingest-v2']) {
      // Other tests have posted as well.
      await row('Jobs accepted', version)
        .getByText(/^[1-9]/)
        .waitFor();
      await row('From acceptance to the end, half of all jobs', version)
        .getByText(/\d m?s$/)
        .waitFor();
      await row('Jobs without a print', version).getByText('0 %').waitFor();
    }
    await row('Attempts to send a mail, by outcome', 'sent')
      .getByText(/^[1-9]/)
      .waitFor();

    const colours = (version: string) =>
      page.evaluate<
        string[]
      >(`[...document.querySelectorAll('.chart li')].filter((item) => item.textContent.includes('${version}'))
        .map((item) => getComputedStyle(item.querySelector('i')).backgroundColor)`);
    const [first, second] = [new Set(await colours('ingest-v1')), new Set(await colours('ingest-v2'))];
    expect([first.size, second.size]).toEqual([1, 1]);
    expect(first).not.toEqual(second);
    expect((await colours('ingest-v1')).length).toBeGreaterThanOrEqual(7);

    const plot = page.getByRole('slider', { name: 'Jobs accepted in five minutes' });
    expect(await plot.locator('path').count()).toBe(4);
    // There are moments to choose from.
    await expect.poll(async () => Number(await plot.getAttribute('aria-valuemax'))).toBeGreaterThan(1);
    await plot.focus();
    await page.keyboard.press('Home');
    const said = await plot.getAttribute('aria-valuetext');
    expect(said).toMatch(/^\d\d:\d\d:\d\d: /);
    await page.keyboard.press('ArrowRight');
    expect(await plot.getAttribute('aria-valuenow')).toBe('1');
    await page.keyboard.press('End');
    expect(await plot.getAttribute('aria-valuetext')).not.toBe(said);
    await page.close();
  });

  test('charts that nobody sees are not asked for', async () => {
    const page = await openConsole({ viewport: { width: 1280, height: 500 } });
    await page.clock.install();
    await page.reload();
    await page.getByText('Live.').waitFor();
    await page.getByRole('link', { name: 'Charts' }).waitFor();
    let asked = 0;
    page.on('request', (request) => void (request.url().includes('/api/charts') && (asked += 1)));
    await page.clock.runFor(60_000);
    expect(asked).toBe(0);
    await page.getByRole('link', { name: 'Charts' }).click();
    await expect.poll(() => asked).toBe(1);
    // What is asked for is drawn before it is asked for again.
    await expect.poll(() => page.clock.runFor(5000).then(() => asked)).toBeGreaterThan(3);
    await page.close();
  });

  test('while the page is hidden it hears nothing, and then catches up', async () => {
    const page = await openConsole();
    const hide = (hidden: boolean) =>
      page.evaluate(`Object.defineProperty(document, 'hidden', { configurable: true, value: ${hidden} });
        document.dispatchEvent(new Event('visibilitychange'));`);
    await hide(true);
    await page.getByText('Paused while nobody sees it.').waitFor();
    const job = await post();
    expect(await darkroom.finished(job)).toMatchObject({ status: 'completed' });
    expect(await page.getByRole('option', { name: job }).count()).toBe(0);
    await hide(false);
    await page.getByRole('option', { name: job }).first().waitFor();
    await page.close();
  });

  test('fits a phone: nothing wider than the screen', async () => {
    const page = await openConsole({
      viewport: { width: 360, height: 740 },
      isMobile: true,
      hasTouch: true,
      colorScheme: 'dark',
    });
    await post();
    await page.locator('.row').first().click();
    await page.locator('#timeline .step').first().waitFor();
    for (const tab of await page.getByRole('tab').all()) {
      await tab.click();
      expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
    }
    await page.close();
  });
});
