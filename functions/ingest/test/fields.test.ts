import type { Job } from '@darkroom/shared/job';
import { keys } from '@darkroom/shared/job/keys';
import { readJson } from '@darkroom/shared/store';
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

const good = () => ({ name: 'good.jpg', bytes: jpeg });

test('without an address, there is no mail', async () => {
  const response = await fetch(bench.ingest.url, { method: 'POST', body: formOf(['file', good()], ['email', ' ']) });
  expect(response.status).toBe(202);
  const { job } = (await response.json()) as Receipt;
  expect((await readJson(bench.lab.store, keys.job(job))) as Job).not.toHaveProperty('email');
  expect(await (await fetch(`${bench.ingest.url}/jobs/${job}`)).json()).toMatchObject({ mail: { status: 'none' } });
});

test('with EMAIL_REQUIRED, no address is a fault', async () => {
  const strict = await openServer({ EMAIL_REQUIRED: 'true' });
  try {
    await refused(strict, 400, /^(?!.*No photo arrived).*No e-mail address/, formOf(['file', good()]), '');
  } finally {
    await strict.close();
  }
});

test.each([
  ['de-AT,de;q=0.9,en;q=0.8', '', 'de'],
  ['fr', '', 'en'],
  // Near the 16 KiB that Node takes as headers; more are refused with 431.
  [`${'fr-FR;q=0.1,'.repeat(1200)}de`, '', 'de'],
  ['de', 'en', 'en'],
])('with Accept-Language %.20j and locale=%j, the mail will be in %s', async (language, locale, expected) => {
  const form = formOf(['file', good()], ['email', 'a@example.org'], ['locale', locale]);
  const headers = { 'accept-language': language };
  const response = await fetch(bench.ingest.url, { method: 'POST', body: form, headers });
  expect(response.status).toBe(202);
  const { job } = (await response.json()) as Receipt;
  expect((await readJson(bench.lab.store, keys.job(job))) as Job).toMatchObject({ locale: expected });
});

test('a language that there is no mail in', () =>
  refused(bench, 400, /“locale” must be one of en, de/, formOf(['file', good()], ['locale', 'tlh'])));

test('two addresses', async () => {
  await refused(
    bench,
    400,
    /“email” was sent more than once/,
    formOf(['file', good()], ['email', 'a@b.org'], ['email', 'c@d.org']),
  );
  await refused(bench, 400, /more than once/, formOf(['file', good()]), '?email=a@b.org&email=c@d.org');
});

test('an address is refused, or made plain, before anything is kept', async () => {
  await refused(bench, 400, /line break/, formOf(['file', good()], ['email', 'a@example.org\r\nBcc: victim@example.org']), '');
  const form = formOf(['file', good()], ['email', ' <a@exämple.org>\r\n']);
  const response = await fetch(bench.ingest.url, { method: 'POST', body: form });
  expect(response.status).toBe(202);
  const { job } = (await response.json()) as Receipt;
  expect((await readJson(bench.lab.store, keys.job(job))) as Job).toMatchObject({ email: 'a@xn--exmple-cua.org' });
});

test('a field that is far too long', () => refused(bench, 400, /“quality” is too long/, formOf(['quality', '1'.repeat(5000)])));

test('a photo that is refused did arrive', () =>
  refused(bench, 422, /^a\.jpg: the file is empty\.[^.]*\.?$/, formOf(['file', { name: 'a.jpg', bytes: Buffer.alloc(0) }])));

test('all that is wrong is named at once', async () => {
  const form = formOf(
    ['email', 'nobody'],
    ['format', 'exe'],
    ['quality', '0'],
    ['quality', '50'],
    ['image', good()],
    ['file', { name: 'a.txt', bytes: Buffer.from('hello') }],
    ['file', { name: 'b.jpg', bytes: Buffer.alloc(0) }],
  );
  const detail =
    /“quality” was sent more than once\. Send it once\. .*“image” holds a file.*not an e-mail address.*“format” must be.*“quality” must be.*a\.txt: .*b\.jpg: the file is empty/;
  await refused(bench, 400, detail, form, '');
});
