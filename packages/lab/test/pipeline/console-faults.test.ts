import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { photo } from '../../../shared/test/support/lab.ts';
import { browserPath, openBrowser } from './browser.ts';
import { type Darkroom, openDarkroom, type Status } from './darkroom.ts';
import { openProxy, type Proxy } from './proxy.ts';

/** The runtime, with a proxy on the way of each delivery. */
const program = join(import.meta.dirname, '../chaos/main.ts');
const never = '0 0 1 1 *';

const sweepingOn = (schedule: string) => (text: string) =>
  text.replace(/schedule: .*/, `schedule: '${schedule}'`).replace(/"idleSeconds": \d+/, '"idleSeconds": 1');

/** Sweep helps when a test says so, and the broker tries again soon. */
async function prepare(folder: string): Promise<void> {
  const rewrite = async (file: string, change: (text: string) => string) => {
    const path = join(folder, 'config/base', file);
    await writeFile(path, change(await readFile(path, 'utf8')));
  };
  await rewrite('sweep.yaml', sweepingOn(never));
  await rewrite('broker.yaml', (text) => text.replace('PT0.5S', 'PT0.1S'));
}

describe.skipIf(!browserPath)('faults on the console, in Chromium (skipped without one: set CHROMIUM to its path)', () => {
  /** What each test lets fail. */
  let statusFor: Parameters<typeof openProxy>[0] = () => undefined;
  let proxy: Proxy;
  let darkroom: Darkroom;
  let browser: Browser;
  let page: Page;
  beforeAll(async () => {
    proxy = await openProxy((subscriber, headers) => statusFor(subscriber, headers));
    darkroom = await openDarkroom({ CHAOS_PROXY: proxy.url }, { program, prepare });
    browser = await openBrowser();
    page = await browser.newPage({ viewport: { width: 1280, height: 1000 } });
    // Only the test itself has a time limit.
    page.setDefaultTimeout(0);
    await page.goto(darkroom.consoleUrl);
    await page.getByText('Live.').waitFor();
  });
  afterAll(async () => {
    await browser.close();
    await darkroom.close();
    proxy.close();
  });

  async function sweepOn(schedule: string): Promise<void> {
    await darkroom.configure('base/sweep.yaml', sweepingOn(schedule));
    await page.locator('#board').getByText(`PingSource, ${schedule}`).first().waitFor();
  }

  async function post(): Promise<string> {
    const answer = await darkroom.post([{ name: 'a.jpg', bytes: await photo() }], { tag: 'v2' });
    return ((await answer.json()) as Status).job;
  }

  /** The first step of the timeline that says all of this. */
  const step = (...words: (string | RegExp)[]) =>
    words.reduce((found, hasText) => found.filter({ hasText }), page.locator('#timeline .step')).first();

  test('a job is followed from the post to its mail, while a filter is killed and the broker drops events', async () => {
    // Of the two prints that zip waits for, the first is dropped without a word, and the second is lost: sweep does not hear of it either.
    const dropped: string[] = [];
    statusFor = (subscriber, { 'ce-type': type, 'ce-id': id }) => {
      if (type !== 'dev.darkroom.filter.finished') return undefined;
      if (subscriber === 'sweep') return 400;
      if (subscriber !== 'zip' || dropped.length === 2 || dropped.includes(String(id))) return undefined;
      dropped.push(String(id));
      return dropped.length === 1 ? 204 : 400;
    };
    await page.getByRole('tab', { name: 'Processes' }).click();
    const sepia = page.locator('#processes .card', { hasText: 'sepia' });
    // It takes its event, and does no more.
    process.kill(Number(/process (\d+)/.exec(await sepia.innerText())![1]), 'SIGSTOP');
    const job = await post();
    await page.fill('#wanted', `job=${job}`);
    const uploaded = page.getByRole('option', { name: 'image.uploaded' });
    await uploaded.getByText('1 delivered').waitFor();
    await page.getByRole('button', { name: 'Kill sepia' }).click();
    await sepia.getByText('1 restart; the last one was ended by SIGKILL').waitFor();

    await uploaded.click();
    await step('image.uploaded', /sepia: delivered[^]* after [^]*, again in 100 ms[^]*2\d\d after/).waitFor();
    await step(dropped[0]!.endsWith('sepia') ? 'by sepia' : 'by grayscale', 'zip: delivered, no reply').waitFor();
    await step(/zip: lost \(400\)[^]*400 after[^]*to the dead letter sink sweep: 400 after/).waitFor();
    expect(await darkroom.mailsOf(job)).toEqual([]);

    await sweepOn('* * * * * *');
    await step('filter.finished', /event \d+ sent again/, 'zip: delivered').waitFor();
    await step('archive.created', 'notify-archive → notify: delivered').waitFor();
    await step('job.completed').waitFor();
    expect(await darkroom.finished(job)).toMatchObject({
      status: 'completed',
      archiveFile: { bytes: expect.any(Number) as number },
    });
    expect(await darkroom.mailsOf(job)).toHaveLength(1);
    await sweepOn(never);
  });

  test('a dead letter is replayed, and its event is seen to arrive', async () => {
    let broken = true;
    statusFor = (subscriber) => (broken && subscriber === 'sepia' ? 500 : undefined);
    const job = await post();
    await page.getByRole('tab', { name: 'Dead letters' }).click();
    await page.fill('#wanted', `job=${job}`);
    const letter = page.locator('#dead-letters .card', { hasText: `${job}.1.sepia` });
    await letter.getByText('image.uploaded to sepia').waitFor();
    await letter.locator('.bad').getByText('500').waitFor();
    expect((await (await fetch(`${darkroom.url}/jobs/${job}`)).json()) as Status).toMatchObject({ status: 'processing' });

    broken = false;
    await page.getByRole('button', { name: `Replay ${job}.1.sepia` }).click();
    await page.getByText(`${job}.1.sepia was sent again.`).waitFor();
    await letter.waitFor({ state: 'detached' });
    await page.getByRole('option', { name: 'image.uploaded' }).filter({ hasText: job }).first().click();
    await step('image.uploaded', /sepia: dead letter \(500\)[^]*to the dead letter sink sweep: 2\d\d after/).waitFor();
    await step('image.uploaded', /event \d+ sent again/, /sepia: delivered[^]*2\d\d after/).waitFor();
    await step('job.completed').waitFor();
    expect(await darkroom.finished(job)).toMatchObject({
      status: 'completed',
      images: [{ results: { sepia: { status: 'succeeded' } } }],
    });
    expect(await darkroom.mailsOf(job)).toHaveLength(1);
  });

  test('a slider is dragged, and the next 200 posts are split as it says', async () => {
    statusFor = () => undefined;
    await page.getByRole('tab', { name: 'Traffic' }).click();
    const slider = page.getByRole('slider', { name: 'ingest-v2' });
    const { x, y, width, height } = (await slider.boundingBox())!;
    await page.mouse.move(x + width * 0.2, y + height / 2);
    await page.mouse.down();
    await page.mouse.move(x + width * 0.6, y + height / 2, { steps: 5 });
    await page.mouse.up();
    await page.getByText('The next request to ingest follows the new split.').waitFor();
    const percent = Number(await slider.inputValue());
    expect(percent).toBeGreaterThan(50);
    expect(percent).toBeLessThan(70);
    await page.locator('#board').getByText(`ingest-v2 ${percent} %`).waitFor();

    const posts = 200;
    const bytes = await photo('png', { width: 4, height: 4 });
    const revisions: string[] = [];
    for (let sent = 0; sent < posts; sent += 10) {
      const answers = await Promise.all(Array.from({ length: 10 }, () => darkroom.post([{ name: 'a.png', bytes }])));
      expect(answers.map(({ status }) => status)).toEqual(Array<number>(10).fill(202));
      revisions.push(...answers.map(({ headers }) => headers.get('x-darkroom-revision')!));
    }
    const share = revisions.filter((revision) => revision === 'ingest-v2').length / posts;
    expect(new Set(revisions)).toEqual(new Set(['ingest-v1', 'ingest-v2']));
    // Four standard deviations of a binomial share: one run in 15,000 falls outside by chance.
    expect(Math.abs(share - percent / 100)).toBeLessThan((4 * Math.sqrt((percent * (100 - percent)) / posts)) / 100);
  });
});
