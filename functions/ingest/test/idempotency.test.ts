import { keys } from '@darkroom/shared/job/keys';
import { json, readJson } from '@darkroom/shared/store';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { photo } from '../../../packages/shared/test/support/lab.ts';
import { openServer, type ServerBench } from './server.ts';
import { formOf, jpeg, type Receipt } from './support.ts';

let bench: ServerBench;
beforeAll(async () => {
  bench = await openServer();
});
beforeEach(() => bench.clear());
afterAll(() => bench.close());

const post = (key: string, email = 'ada@example.org', bytes = jpeg) =>
  fetch(bench.ingest.url, {
    method: 'POST',
    headers: { 'idempotency-key': key },
    body: formOf(['file', { name: 'a.jpg', bytes }], ['email', email]),
  });
const jobs = async () =>
  new Set((await bench.lab.keys()).filter((key) => key.startsWith('jobs/')).map((key) => key.split('/')[1]));

test('the same key twice: the same answer, one job', async () => {
  const [first, second] = [await post('once'), await post('once')];
  expect([first.status, second.status]).toEqual([202, 202]);
  expect(await second.json()).toEqual(await first.json());
  expect((await jobs()).size).toBe(1);
});

test('ten at once: one job, and every answer names it', async () => {
  const answers = await Promise.all(Array.from({ length: 10 }, () => post('crowd')));
  const receipts = (await Promise.all(answers.map((answer) => answer.json()))) as Receipt[];
  expect(new Set(receipts.map(({ job }) => job)).size).toBe(1);
  expect((await jobs()).size).toBe(1);
});

test('a job that is complete is not opened again', async () => {
  const { job } = (await (await post('done')).json()) as Receipt;
  await bench.lab.store.write(keys.completed(job), json({ status: 'completed', completedAt: '', mail: 'sent' }));
  await bench.lab.store.remove(keys.open(job));
  await post('done');
  expect(await bench.lab.store.stat(keys.open(job))).toBeUndefined();
});

test('a first post that failed before its promise is completed by the second', async () => {
  const { job } = (await (await post('broken')).json()) as Receipt;
  await bench.lab.store.remove(keys.open(job));
  expect((await post('broken')).status).toBe(202);
  expect(await bench.lab.store.stat(keys.open(job))).toBeDefined();
});

test('another post under the same key is refused; another person may use it', async () => {
  expect((await post('mine')).status).toBe(202);
  const other = await post('mine', 'ada@example.org', await photo('png'));
  expect([other.status, ((await other.json()) as { detail: string }).detail]).toEqual([422, expect.stringContaining('new key')]);
  expect((await post('mine', 'bob@example.org')).status).toBe(202);
  expect((await jobs()).size).toBe(2);
});

test('the same photos in another order, and fields after them, are the same post', async () => {
  const png = await photo('png');
  const send = (...files: Buffer[]) => {
    const form = formOf(...files.map((bytes): ['file', { name: string; bytes: Buffer }] => ['file', { name: 'a', bytes }]));
    form.append('email', 'ada@example.org');
    return fetch(bench.ingest.url, { method: 'POST', headers: { 'idempotency-key': 'order' }, body: form });
  };
  const [first, second] = [await send(jpeg, png), await send(png, jpeg)];
  expect([first.status, second.status]).toEqual([202, 202]);
  expect(await second.json()).toEqual(await first.json());
});

test('other wishes are another post', async () => {
  const wish = (quality: string) =>
    fetch(`${bench.ingest.url}/?email=a@example.org&quality=${quality}`, {
      method: 'POST',
      headers: { 'idempotency-key': 'wish', 'content-type': 'image/jpeg' },
      body: new Uint8Array(jpeg),
    });
  expect([(await wish('80')).status, (await wish('90')).status, (await wish('80')).status]).toEqual([202, 422, 202]);
});

test('photos of the same name, size and dimensions, but other content, are another post', async () => {
  const other = Buffer.from(jpeg);
  other[other.length - 10]! ^= 1;
  expect((await post('twin')).status).toBe(202);
  expect((await post('twin', 'ada@example.org', other)).status).toBe(422);
  expect((await post('twin')).status).toBe(202);
});

test('the key of a deleted job does not revive it, and its claim no longer says which job it was', async () => {
  const { job } = (await (await post('gone')).json()) as Receipt;
  expect((await fetch(`${bench.ingest.url}/jobs/${job}`, { method: 'DELETE' })).status).toBe(204);
  const again = await post('gone');
  expect([again.status, ((await again.json()) as { detail: string }).detail]).toEqual([410, expect.stringContaining('deleted')]);
  const left = await bench.lab.keys();
  expect(left.filter((key) => key.includes(job))).toEqual([keys.gone(job), keys.leaving(job)]);
  for (const key of left.filter((name) => name.startsWith(keys.allClaims)))
    expect(await readJson(bench.lab.store, key)).toEqual({ gone: true });
});

test('a malformed key is refused, and leaves nothing', async () => {
  expect((await post('two words')).status).toBe(400);
  expect(await bench.left()).toEqual([]);
});
