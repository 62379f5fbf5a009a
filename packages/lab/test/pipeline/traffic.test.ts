import { afterAll, beforeAll, expect, test } from 'vitest';
import { photo } from '../../../shared/test/support/lab.ts';
import { type Darkroom, eventually, openDarkroom, type Status } from './darkroom.ts';

let darkroom: Darkroom;
beforeAll(async () => {
  darkroom = await openDarkroom();
});
afterAll(() => darkroom.close());

/** Which revision answers a post. Posts without a photo are refused, and cost little. */
const revisionOf = async () => (await fetch(darkroom.url, { method: 'POST' })).headers.get('x-darkroom-revision');

async function shareOfV2(posts: number): Promise<number> {
  let count = 0;
  for (let sent = 0; sent < posts; sent += 50) {
    const revisions = await Promise.all(Array.from({ length: 50 }, revisionOf));
    count += revisions.filter((revision) => revision === 'ingest-v2').length;
  }
  return count / posts;
}

/** Three standard deviations of a binomial share: one run in 370 falls outside by chance. Four: one in 15,000. */
const tolerance = (share: number, posts: number) => 4 * Math.sqrt((share * (1 - share)) / posts);

test('splits 1,000 posts as the manifest says, and follows a change while running', async () => {
  expect(Math.abs((await shareOfV2(1000)) - 0.2)).toBeLessThan(tolerance(0.2, 1000));
  await darkroom.configure('versions/traffic.yaml', (text) =>
    text.replace('percent: 80', 'percent: 50').replace('percent: 20', 'percent: 50'),
  );
  await eventually(async () => (darkroom.output().includes('50 %') ? true : undefined));
  expect(Math.abs((await shareOfV2(1000)) - 0.5)).toBeLessThan(tolerance(0.5, 1000));
});

test('a job ends in the version in which it began, however the traffic shifts', async () => {
  const bytes = await photo('jpeg', { width: 2000, height: 1500 });
  const { job } = (await (await darkroom.post([{ name: 'a.jpg', bytes }], { tag: 'v1' })).json()) as Status;
  await darkroom.configure('versions/traffic.yaml', (text) =>
    text.replace(
      /percent: \d+ }\n.*ingest-v2, tag: v2, percent: \d+/,
      'percent: 0 }\n    - { revisionName: ingest-v2, tag: v2, percent: 100',
    ),
  );
  expect(await darkroom.finished(job)).toMatchObject({
    status: 'completed',
    revision: 'ingest-v1',
    filters: ['grayscale'],
    archiveFile: null,
  });
});

test('reports a broken manifest by file, line and field, and keeps the last good one', async () => {
  await darkroom.configure('base/triggers.yaml', (text) =>
    text.replace('kind: Service, name: sepia }', 'kind: Service, name: sepiia }'),
  );
  await eventually(async () => (/triggers\.yaml:\d+: .*sepiia/.test(darkroom.output()) ? true : undefined));
  const { job } = (await (await darkroom.post([{ name: 'a.jpg', bytes: await photo() }], { tag: 'v2' })).json()) as Status;
  expect((await darkroom.finished(job)).status).toBe('completed');
});
