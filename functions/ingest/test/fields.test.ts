import type { Job } from '@darkroom/shared/job';
import { keys } from '@darkroom/shared/job/keys';
import { readJson } from '@darkroom/shared/store';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { refused } from './refused.ts';
import { type Bench, formOf, jpeg, openBench, type Receipt } from './support.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench.close());
afterEach(() => bench.clear());

const good = () => ({ name: 'good.jpg', bytes: jpeg });

test('no address, or two of them', async () => {
  await refused(bench, 400, /No e-mail address/, formOf(['file', good()]), '');
  await refused(
    bench,
    400,
    /“email” was sent more than once/,
    formOf(['file', good()], ['email', 'a@b.org'], ['email', 'c@d.org']),
  );
  await refused(bench, 400, /more than once/, formOf(['file', good()]), '?email=a@b.org&email=c@d.org');
});

test.each([
  'a@example.org\r\nBcc: victim@example.org',
  'a@example.org\nBcc: victim@example.org',
  'a@example.org,victim@example.org',
  'a@example.org;victim@example.org',
  '"Ada" <a@example.org>',
  'Ada <a@example.org>',
  'a@b.org <a@example.org>',
  '"a b"@example.org',
  'a@b@example.org',
  'a@example.org (comment)',
  'a@example.org\u0000',
  'a@example.org\u2028x',
  'a@',
  '@example.org',
  'a@localhost',
  'a@[127.0.0.1]',
  'a@127.0.0.1',
  'a..b@example.org',
  '.a@example.org',
  'a@example..org',
  'a@-example.org',
  'ä@example.org',
  'a@exa\u200bmple.org',
  'a@ex ämple.org',
  `${'a'.repeat(65)}@example.org`,
  `a@${'b'.repeat(60)}.${'c.'.repeat(120)}org`,
])('the address %j', async (address) => {
  await refused(bench, 400, /address/, formOf(['file', good()], ['email', address]), '');
});

test.each([
  ['a@exämple.org', 'a@xn--exmple-cua.org'],
  ['info@почта.рф', 'info@xn--80a1acny.xn--p1ai'],
  ['user@xn--mller-kva.de', 'user@xn--mller-kva.de'],
  ['me@example.com\r\n', 'me@example.com'],
  ['\ufeffme@example.com', 'me@example.com'],
  ['me@example.com\u200b', 'me@example.com'],
  ['\u00a0 me@example.com\u00a0', 'me@example.com'],
  ['<me@example.com>', 'me@example.com'],
  ['mailto:me@example.com', 'me@example.com'],
  ['me@example.com.', 'me@example.com'],
  ['me@example.com, ', 'me@example.com'],
])('the address %j is taken as %j', async (sent, taken) => {
  const form = formOf(['file', good()], ['email', sent]);
  const response = await fetch(bench.ingest.url, { method: 'POST', body: form });
  expect(response.status).toBe(202);
  const { job } = (await response.json()) as Receipt;
  expect((await readJson(bench.lab.store, keys.job(job))) as Job).toMatchObject({ email: taken });
});

test.each([
  ['quality', '0'],
  ['quality', '101'],
  ['quality', '1.5'],
  ['quality', 'high'],
  ['quality', '1e1'],
  ['format', 'exe'],
  ['format', 'toString'],
  ['wait', '31'],
  ['wait', '-1'],
  ['wait', 'NaN'],
])('the option %s=%s', (name, value) => refused(bench, 400, new RegExp(`“${name}”`), formOf(['file', good()], [name, value])));

test('a field that is far too long', () => refused(bench, 400, /“quality” is too long/, formOf(['quality', '1'.repeat(5000)])));

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
    /“quality” was sent more than once.*“image” holds a file.*not an e-mail address.*“format” must be.*“quality” must be.*a\.txt: .*b\.jpg: the file is empty/;
  await refused(bench, 400, detail, form, '');
});
