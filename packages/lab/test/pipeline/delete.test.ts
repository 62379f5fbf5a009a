import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { photo } from '../../../shared/test/support/lab.ts';
import { type Darkroom, openDarkroom, type Status } from './darkroom.ts';

const jobs = 50;
const address = (index: number) => `deleted-${index}@example.org`;

let darkroom: Darkroom;
beforeAll(async () => {
  darkroom = await openDarkroom();
  await darkroom.configure('base/sweep.yaml', (yaml) => yaml.replace("'* * * * *'", "'*/5 * * * * *'"));
});
afterAll(() => darkroom.close());

test(`${jobs} jobs that are deleted at ${jobs} moments leave no trace but their tombstones`, async () => {
  const bytes = await photo('jpeg', { width: 1200, height: 900 });
  const deleted: string[] = [];
  // Two seconds see a job through: it is hit while it is developed, packed and mailed, and afterwards.
  const deleting = Array.from({ length: jobs }, async (_, index) => {
    await sleep(index * 150);
    const form = new FormData();
    form.append('file', new File([new Uint8Array(bytes)], 'photo.jpg'));
    form.append('email', address(index));
    const headers = { 'knative-serving-tag': 'v2', ...(index % 2 === 0 && { 'idempotency-key': `key-${index}` }) };
    const answer = await fetch(darkroom.url, { method: 'POST', body: form, headers });
    expect(answer.status).toBe(202);
    const { job } = (await answer.json()) as Status;
    await sleep(Math.random() * 3000);
    expect((await fetch(`${darkroom.url}/jobs/${job}`, { method: 'DELETE' })).status).toBe(204);
    expect((await fetch(`${darkroom.url}/jobs/${job}`)).status).toBe(404);
    deleted.push(job);
    if (index % 2 !== 0) return;
    const again = await fetch(darkroom.url, { method: 'POST', body: form, headers });
    expect([again.status, ((await again.json()) as { detail: string }).detail]).toEqual([
      410,
      expect.stringContaining('deleted'),
    ]);
  });
  await Promise.all(deleting);
  const store = join(darkroom.folder, 'data/store');
  const filesLeft = async () => {
    const items = await readdir(store, { recursive: true, withFileTypes: true });
    return items.filter((item) => item.isFile()).map(({ parentPath, name }) => join(parentPath, name).slice(store.length + 1));
  };
  // What was under way ends before a job that came later, and sweep removes what it has left.
  const last = await darkroom.post([{ name: 'last.jpg', bytes }], { tag: 'v2' });
  const { job: other } = (await last.json()) as Status;
  await darkroom.finished(other);
  expect((await fetch(`${darkroom.url}/jobs/${other}`, { method: 'DELETE' })).status).toBe(204);
  deleted.push(other);
  const remains = async () =>
    (await filesLeft()).filter((file) => file.startsWith('.tmp/') || deleted.some((job) => file.includes(job))).sort();
  await expect.poll(remains).toEqual(deleted.flatMap((job) => [`gone/${job}`, `leaving/${job}`]).sort());

  for (const file of await filesLeft()) {
    const content = await readFile(join(store, file), 'latin1');
    expect(
      deleted.filter((job) => content.includes(job)),
      file,
    ).toEqual([]);
    expect(content, file).not.toContain('@example.org');
  }
  expect(darkroom.output()).not.toContain('@example.org');
});
