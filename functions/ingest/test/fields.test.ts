import { afterAll, beforeAll, test } from 'vitest';
import { photo } from '../../../packages/shared/test/support/lab.ts';
import { refused } from './refused.ts';
import { type Bench, formOf, openBench } from './support.ts';

let bench: Bench;
let jpeg: Buffer;
beforeAll(async () => {
  bench = await openBench();
  jpeg = await photo('jpeg');
});
afterAll(() => bench.close());

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
  'victim@example.org, ',
  '"Ada" <a@example.org>',
  '<a@example.org>',
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
  'a@exämple.org',
  `${'a'.repeat(65)}@example.org`,
  `a@${'b'.repeat(60)}.${'c.'.repeat(120)}org`,
])('the address %j', async (address) => {
  await refused(bench, 400, /address/, formOf(['file', good()], ['email', address]), '');
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
