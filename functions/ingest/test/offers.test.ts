import type { Job } from '@darkroom/shared/job';
import { keys } from '@darkroom/shared/job/keys';
import { json, readJson } from '@darkroom/shared/store';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startFunction, type RunningFunction } from '../../../packages/shared/test/support/function.ts';
import { openServer, type ServerBench } from './server.ts';
import { formOf, jpeg, type Receipt } from './support.ts';

const blur = { blur: { type: 'integer', minimum: 1, maximum: 50, default: 3 } };

/** Two revisions over one store, as behind one address. */
let v2: ServerBench;
let v1: RunningFunction;
beforeAll(async () => {
  v2 = await openServer({ FILTERS: 'sepia,blur', OPTIONS: JSON.stringify(blur) });
  v1 = await startFunction('ingest', {
    ...v2.environment,
    K_REVISION: 'ingest-v1',
    FILTERS: 'grayscale',
    ARCHIVE: 'false',
    OPTIONS: '{}',
  });
});
afterAll(async () => {
  await v1.stop();
  await v2.close();
});

/** What the page of a revision sends, whichever revision that reaches. */
async function post(from: string, to: string, fields: [string, string][] = []): Promise<Response> {
  const page = await (await fetch(from)).text();
  const revision = /name="revision" value="([^"]+)"/.exec(page)![1]!;
  const photo: [string, { name: string; bytes: Uint8Array }] = ['file', { name: 'a.jpg', bytes: jpeg }];
  const body = formOf(['revision', revision], ['email', 'a@example.org'], ...fields, photo);
  return fetch(to, { method: 'POST', body });
}

const jobOf = async (response: Response) => {
  const { job } = (await response.json()) as Receipt;
  return (await readJson(v2.lab.store, keys.job(job))) as Job;
};

test('a post becomes what its page promised, whichever revision it reaches', async () => {
  const [page1, page2] = [v1.url, v2.ingest.url];
  const grey = { revision: 'ingest-v1', filters: ['grayscale'], archive: false, options: {} };
  const rich = { revision: 'ingest-v2', filters: ['sepia', 'blur'], archive: true, options: { filters: { blur: 3 } } };
  for (const to of [page1, page2]) {
    expect(await jobOf(await post(page1, to))).toMatchObject(grey);
    expect(await jobOf(await post(page2, to))).toMatchObject(rich);
  }
});

test('choices are checked against what the page offered', async () => {
  const chosen = await jobOf(await post(v2.ingest.url, v1.url, [['blur', '7']]));
  expect(chosen.options).toEqual({ filters: { blur: 7 } });
  const refused = await post(v2.ingest.url, v1.url, [['blur', '99']]);
  expect(await refused.json()).toMatchObject({ status: 400, detail: expect.stringContaining('from 1 to 50') });
});

test('without the field, the revision that answers accepts', async () => {
  const form = formOf(['email', 'a@example.org'], ['file', { name: 'a.jpg', bytes: jpeg }]);
  expect(await jobOf(await fetch(v1.url, { method: 'POST', body: form }))).toMatchObject({ revision: 'ingest-v1' });
});

test('with one key, another revision is another post', async () => {
  const headers = { 'idempotency-key': 'mine' };
  await fetch(v2.ingest.url);
  const again = async (revision: string) => {
    const body = formOf(['revision', revision], ['file', { name: 'a.jpg', bytes: jpeg }]);
    return (await fetch(v1.url, { method: 'POST', body, headers })).status;
  };
  expect([await again('ingest-v1'), await again('ingest-v1'), await again('ingest-v2')]).toEqual([202, 202, 422]);
});

test.each(['ingest-v9', '../jobs/x', '.', 'a/b', 'x'.repeat(200)])('a revision that nobody knows: %j', async (revision) => {
  const form = formOf(['revision', revision], ['email', 'a@example.org'], ['file', { name: 'a.jpg', bytes: jpeg }]);
  const response = await fetch(v1.url, { method: 'POST', body: form });
  expect(await response.json()).toMatchObject({
    status: 409,
    detail: expect.stringMatching(/is not known here\. Load the page/),
  });
});

test('what was stored is not believed blindly', async () => {
  await v2.lab.store.write(keys.offer('odd'), json({ FILTERS: '../x', ARCHIVE: 'true', OPTIONS: '{}' }));
  const form = formOf(['revision', 'odd'], ['email', 'a@example.org'], ['file', { name: 'a.jpg', bytes: jpeg }]);
  expect((await fetch(v1.url, { method: 'POST', body: form })).status).toBe(409);
});

test('the page comes even while the store cannot be written, and a later one makes up for it', async () => {
  let broken = true;
  const bench = await openServer({ K_REVISION: 'ingest-v3' }, (store) => ({
    ...store,
    write: async (...given) => (broken ? Promise.reject(new Error('the disk is full')) : store.write(...given)),
  }));
  try {
    expect((await fetch(bench.ingest.url)).status).toBe(200);
    expect(await bench.lab.keys()).toEqual([]);
    broken = false;
    await fetch(bench.ingest.url);
    expect(await bench.lab.keys()).toEqual(['offers/ingest-v3']);
    expect(bench.ingest.output()).toContain('could not store what this revision offers');
  } finally {
    await bench.close();
  }
});
