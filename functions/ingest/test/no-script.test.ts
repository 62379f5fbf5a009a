import type { Photo } from '@darkroom/shared/job';
import { keys } from '@darkroom/shared/job/keys';
import { json } from '@darkroom/shared/store';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openServer, type ServerBench } from './server.ts';
import { formOf, jpeg } from './support.ts';

let bench: ServerBench;
beforeAll(async () => {
  bench = await openServer();
});
afterAll(() => bench.close());

/** What a browser accepts when it goes to an address. */
const accept = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8';
const visit = (path: string, init: RequestInit = {}) => fetch(bench.ingest.url + path, { headers: { accept }, ...init });

test('a refusal is a page that says what is wrong, as text', async () => {
  const body = formOf(['file', { name: '<img src=x onerror=alert(1)>.jpg', bytes: Buffer.from('Dear lab,') }]);
  const response = await visit('/', { method: 'POST', body });
  const page = await response.text();
  expect([response.status, response.headers.get('content-type')]).toEqual([415, 'text/html; charset=utf-8']);
  expect(page).toContain('&#60;img src=x onerror=alert(1)&#62;.jpg: This is not');
  expect(page).not.toContain('<img');
  expect(page).toContain('This is not an image that can be developed.');
  expect(page).toContain('href="/"');
  expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
});

test('an address that leads nowhere is a page as well', async () => {
  for (const path of ['/nowhere', '/jobs/00000000-0000-0000-0000-000000000000']) {
    const response = await visit(path);
    expect(response.status).toBe(404);
    expect(await response.text()).toContain('<h1>Nothing hangs here</h1>');
  }
});

test('a job is a page, with a link to look again until it is done', async () => {
  const job = await bench.lab.accept({ names: ['a&b.jpg'], refused: [{ name: '<b>', reason: 'No.' }], archive: false });
  const page = async () => (await visit(`/jobs/${job.job}`)).text();
  const early = await page();
  expect(early).toContain('>Look again<');
  expect(early).toContain('0 of 2 prints ready.');
  expect(early).toContain('a&#38;b.jpg');
  expect(early).toContain('<b>&#60;b&#62;</b> No.');
  for (const filter of job.filters) await bench.lab.store.write(keys.print(job, job.images[0] as Photo, filter), jpeg);
  await bench.lab.store.write(keys.completed(job.job), json({ status: 'completed', completedAt: '', mail: 'none' }));
  const late = await page();
  expect(late).not.toContain('Look again');
  expect(late).toContain('All 2 prints are ready.');
  for (const [, href] of late.matchAll(/(?:href|src)="(\/jobs\/[^"]+)"/g))
    expect((await fetch(bench.ingest.url + href)).status).toBe(200);
});

test('programs get JSON, whatever else they take', async () => {
  const { job } = await bench.lab.accept();
  for (const each of ['*/*', 'application/json', 'application/json, text/html', ''])
    expect((await fetch(`${bench.ingest.url}/jobs/${job}`, { headers: { accept: each } })).headers.get('content-type')).toMatch(
      /json/,
    );
});
