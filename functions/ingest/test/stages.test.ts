import type { Job, Photo } from '@darkroom/shared/job';
import { keys } from '@darkroom/shared/job/keys';
import { json } from '@darkroom/shared/store';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { browserPath, openBrowser } from '../../../packages/lab/test/pipeline/browser.ts';
import type { JobStatus } from '../src/api/job-status.ts';
import { stagesOf } from '../src/api/stages.ts';
import { openServer, type ServerBench } from './server.ts';
import { jpeg } from './support.ts';

let bench: ServerBench;
beforeAll(async () => {
  bench = await openServer();
});
afterAll(() => bench.close());

const print = (job: Job, index: number, filter: string) =>
  bench.lab.store.write(keys.print(job, job.images[index] as Photo, filter), jpeg);
const reject = ({ job }: Job, image: string, filter: string) =>
  bench.lab.store.write(keys.rejection(job, image, filter), json({ reason: 'It is damaged.' }));
const pack = ({ job }: Job) => bench.lab.store.write(keys.archive(job), Buffer.from('zip'));
const end = ({ job }: Job, status: 'completed' | 'failed', mail: 'sent' | 'failed' | 'none') =>
  bench.lab.store.write(keys.completed(job), json({ status, completedAt: new Date().toISOString(), mail }));

/** Each stage as "name, text (state)". */
async function stages({ job }: Job): Promise<string[]> {
  const status = (await (await fetch(`${bench.ingest.url}/jobs/${job}`)).json()) as JobStatus;
  return stagesOf(status).map(({ name, text, state }) => `${name}, ${text} (${state})`);
}

test('stages are those that were asked for, and are as far as what is there', async () => {
  const job = await bench.lab.accept({ names: ['a.jpg', 'b.jpg'] });
  const received = 'Received, 2 photos (made)';
  const ahead = ['ZIP, not yet (ahead)', 'Mail, not yet (ahead)'];
  expect(await stages(job)).toEqual([received, 'grayscale, 0 of 2 (ahead)', 'sepia, 0 of 2 (ahead)', ...ahead]);
  await print(job, 0, 'sepia');
  await reject(job, '1', 'grayscale');
  expect(await stages(job)).toEqual([received, 'grayscale, 0 of 2, 1 not made (begun)', 'sepia, 1 of 2 (begun)', ...ahead]);
  await print(job, 1, 'sepia');
  await reject(job, '2', 'grayscale');
  const developed = [received, 'grayscale, 0 of 2, 2 not made (failed)', 'sepia, 2 of 2 (made)'];
  expect(await stages(job)).toEqual([...developed, ...ahead]);
  await pack(job);
  expect(await stages(job)).toEqual([...developed, 'ZIP, packed (made)', 'Mail, not yet (ahead)']);
  await end(job, 'completed', 'sent');
  expect(await stages(job)).toEqual([...developed, 'ZIP, packed (made)', 'Mail, sent (made)']);
});

test('what never came is told as such once the job is over', async () => {
  const job = await bench.lab.accept({ names: ['a.jpg'], filters: ['sepia'] });
  await reject(job, '1', 'sepia');
  await end(job, 'failed', 'failed');
  expect((await stages(job)).slice(1)).toEqual([
    'sepia, 0 of 1, 1 not made (failed)',
    'ZIP, not made (failed)',
    'Mail, not delivered (failed)',
  ]);
});

test('without an address there is no mail, and without an archive no ZIP', async () => {
  const job = await bench.lab.accept({ names: ['a.jpg'], filters: ['sepia'], archive: false, email: '' });
  expect(await stages(job)).toEqual(['Received, 1 photo (made)', 'sepia, 0 of 1 (ahead)']);
});

describe.skipIf(!browserPath)('on the page, in Chromium (skipped without one: set CHROMIUM to its path)', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser.close());

  const texts = (page: Page) => page.locator('#stages li').allInnerTexts();
  const open = async (job: Job, path = `/?job=${job.job}`, options = {}) => {
    const page = await browser.newPage(options);
    page.setDefaultTimeout(0);
    await page.goto(bench.ingest.url + path);
    return page;
  };
  /** Lets time pass until a stage says so. */
  async function seen(page: Page, text: string): Promise<void> {
    const stage = page.locator('#stages li').filter({ hasText: text });
    while ((await stage.count()) === 0) await bench.clock.advance(250);
  }

  test('a stage lights up while the person watches, and is not read out', async () => {
    const job = await bench.lab.accept({ names: ['a.jpg', 'b.jpg'] });
    const page = await open(job);
    await seen(page, 'sepia 0 of 2');
    expect(await texts(page)).toEqual(['Received 2 photos', 'grayscale 0 of 2', 'sepia 0 of 2', 'ZIP not yet', 'Mail not yet']);
    const lampOf = (index: number) =>
      page.evaluate<string>(`getComputedStyle(document.querySelectorAll('#stages li')[${index}], '::before').backgroundColor`);
    const classes = () => page.evaluate<string[]>("[...document.querySelectorAll('#stages li')].map((each) => each.className)");
    expect(await classes()).toEqual(['made', 'ahead', 'ahead', 'ahead', 'ahead']);
    const [lit, dark] = [await lampOf(0), await lampOf(2)];
    expect(lit).not.toBe(dark);
    await page.evaluate("window.kept = document.querySelector('#stages li:nth-child(2) span').firstChild");
    await print(job, 0, 'sepia');
    await seen(page, 'sepia 1 of 2');
    await print(job, 1, 'sepia');
    await seen(page, 'sepia 2 of 2');
    expect(await classes()).toEqual(['made', 'ahead', 'made lately', 'ahead', 'ahead']);
    expect(await lampOf(2)).toBe(lit);
    // What has not changed is left alone.
    expect(await page.evaluate("window.kept === document.querySelector('#stages li:nth-child(2) span').firstChild")).toBe(true);
    expect(
      await page.evaluate(`document.querySelector('#stages').closest('[role="status"], [role="alert"], [aria-live]')`),
    ).toBeNull();
    await page.close();
  });

  test('with reduced motion, nothing glows', async () => {
    const job = await bench.lab.accept({ names: ['a.jpg'], filters: ['sepia'] });
    const page = await open(job, undefined, { reducedMotion: 'reduce' });
    await seen(page, 'sepia 0 of 1');
    await print(job, 0, 'sepia');
    await seen(page, 'sepia 1 of 1');
    expect(
      await page.evaluate("getComputedStyle(document.querySelector('#stages .lately.made'), '::before').animationName"),
    ).toBe('none');
    await page.close();
  });

  test('they go with the job, and are there without JavaScript', async () => {
    const job = await bench.lab.accept({ names: ['a.jpg'], filters: ['sepia'] });
    const plain = await open(job, `/jobs/${job.job}`, { javaScriptEnabled: false });
    expect(await plain.locator('.stages li').allInnerTexts()).toEqual([
      'Received 1 photo',
      'sepia 0 of 1',
      'ZIP not yet',
      'Mail not yet',
    ]);
    const page = await open(job);
    await seen(page, 'sepia 0 of 1');
    page.once('dialog', (dialog) => void dialog.accept());
    await page.click('#delete');
    await page.getByRole('heading', { name: 'Deleted' }).waitFor();
    expect(await page.locator('#stages').isVisible()).toBe(false);
    await Promise.all([plain.close(), page.close()]);
  });
});
