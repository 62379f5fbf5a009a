import type { Job } from '@darkroom/shared/job';
import { keys } from '@darkroom/shared/job/keys';
import { json, readJson } from '@darkroom/shared/store';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { refused } from './refused.ts';
import { openServer, type ServerBench } from './server.ts';
import { formOf, jpeg, type Receipt } from './support.ts';

let bench: ServerBench;
beforeAll(async () => {
  bench = await openServer();
});
afterAll(() => bench.close());
afterEach(() => bench.clear());

const target = 'https://shop.example.com/hook?token=1';
const good = () => ({ name: 'good.jpg', bytes: jpeg });
const post = (url: string, headers: Record<string, string> = {}) =>
  fetch(bench.ingest.url, { method: 'POST', headers, body: formOf(['file', good()], ['notify_url', url]) });
const accepted = async (response: Response) => ((await response.json()) as Receipt).job;
const recordOf = async (job: string) => (await readJson(bench.lab.store, keys.job(job))) as Job;
const statusOf = async (id: string) => (await fetch(`${bench.ingest.url}/jobs/${id}`)).json() as Promise<{ webhook?: object }>;

test('the job keeps the address, and is due from the start', async () => {
  const job = await accepted(await post(` ${target}#part `));
  expect(await recordOf(job)).toMatchObject({ notifyUrl: target });
  expect(await readJson(bench.lab.store, keys.due(job))).toEqual({});
});

test.each([
  [
    'by query',
    (url: string) => fetch(`${url}?notify_url=${encodeURIComponent(target)}`, { method: 'POST', body: formOf(['file', good()]) }),
  ],
  [
    'with a photo as the body',
    (url: string) =>
      fetch(`${url}?notify_url=${encodeURIComponent(target)}`, {
        method: 'POST',
        headers: { 'content-type': 'image/jpeg' },
        body: new Uint8Array(jpeg),
      }),
  ],
])('%s as well', async (_how, send) => {
  expect(await recordOf(await accepted(await send(bench.ingest.url)))).toMatchObject({ notifyUrl: target });
});

test.each(['', ' '])('without one (%j) nothing is due', async (url) => {
  const job = await accepted(await post(url));
  expect(await recordOf(job)).not.toHaveProperty('notifyUrl');
  expect(await readJson(bench.lab.store, keys.due(job))).toBeUndefined();
  expect(await statusOf(job)).not.toHaveProperty('webhook');
});

test.each([
  ['http://shop.example.com/', /begins with https:\/\/\./],
  ['https://localhost:8443/', /not public/],
  ['https://0x7f.1/', /not public/],
  ['https://ada:secret@shop.example.com/', /user name or a password/],
])('%s is refused, and nothing is kept', (url, reason) =>
  refused(bench, 400, reason, formOf(['file', good()], ['notify_url', url]), ''),
);

test('the status says how it went, to whoever may delete the job', async () => {
  const job = await accepted(await post(target));
  const { job: share } = (await (await fetch(`${bench.ingest.url}/jobs/${job}/share`, { method: 'POST' })).json()) as Receipt;
  expect((await statusOf(job)).webhook).toEqual({ status: 'pending' });
  const end = { status: 'failed', reason: 'The webhook answered 410, that it is gone.' };
  await bench.lab.store.write(keys.webhookEnd(job), json(end));
  expect((await statusOf(job)).webhook).toEqual(end);
  expect(await statusOf(share)).not.toHaveProperty('webhook');
  for (const id of [job, share]) expect(JSON.stringify(await statusOf(id))).not.toContain('shop.example.com');
  expect(bench.ingest.output()).not.toContain('shop.example.com');
});

test('another address with the same Idempotency-Key is another post; the same one is the same', async () => {
  const key = { 'idempotency-key': 'one' };
  const job = await accepted(await post(target, key));
  await bench.lab.store.remove(keys.due(job));
  // Of a post that failed in between.
  expect(await accepted(await post(target, key))).toBe(job);
  expect(await readJson(bench.lab.store, keys.due(job))).toEqual({});
  expect((await post(`${target}2`, key)).status).toBe(422);
});

test('deleting the job removes the webhook', async () => {
  const job = await accepted(await post(target));
  await fetch(`${bench.ingest.url}/jobs/${job}`, { method: 'DELETE' });
  expect((await bench.lab.keys()).filter((key) => key.includes(job))).toEqual([keys.gone(job), keys.leaving(job)]);
});

test('WEBHOOKS=off refuses the field and does not describe it; http allows HTTP', async () => {
  const describes = async ({ ingest }: ServerBench) =>
    (await (await fetch(`${ingest.url}/openapi.json`)).text()).includes('"notify_url"');
  expect(await describes(bench)).toBe(true);
  const off = await openServer({ WEBHOOKS: 'off' });
  await refused(off, 400, /calls no webhooks/, formOf(['file', good()], ['notify_url', target]), '');
  expect(await describes(off)).toBe(false);
  await off.close();
  const open = await openServer({ WEBHOOKS: 'http', WEBHOOK_NETWORKS: '127.0.0.0/8' });
  const body = formOf(['file', good()], ['notify_url', 'http://127.0.0.1:9000/']);
  expect((await fetch(open.ingest.url, { method: 'POST', body })).status).toBe(202);
  await open.close();
});
