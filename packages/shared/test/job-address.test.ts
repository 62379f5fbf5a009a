import { isPlainAddress, longestAddress } from '@darkroom/shared/job/address';
import { expect, test } from 'vitest';

const label = 'a'.repeat(63);

test.each([
  'a@b',
  'person@example.com',
  'first.last+tag@sub-domain.example.co.uk',
  'UPPER_case-1@EXAMPLE.COM',
  "!#$%&'*+/=?^`{|}~-@example.com",
  `${'l'.repeat(64)}@example.com`,
  `a@${label}.com`,
])('%s is an address', (text) => {
  expect(isPlainAddress(text)).toBe(true);
});

test.each([
  ['nothing', ''],
  ['no @', 'person.example.com'],
  ['no mailbox', '@example.com'],
  ['no domain', 'person@'],
  ['two addresses', 'a@b.com,c@d.com'],
  ['two with a space', 'a@b.com c@d.com'],
  ['two @', 'a@b@c.com'],
  ['a display name', 'A Person <a@b.com>'],
  ['quotes', '"a b"@c.com'],
  ['a line break, as another header', 'a@b.com\nBcc: c@d.com'],
  ['a line break at the end', 'a@b.com\n'],
  ['something before it', ' a@b.com'],
  ['a leading dot', '.a@b.com'],
  ['a dot before the @', 'a.@b.com'],
  ['two dots', 'a..b@c.com'],
  ['two dots in the domain', 'a@b..com'],
  ['a dot at the end', 'a@b.com.'],
  ['a leading hyphen in a label', 'a@-b.com'],
  ['a trailing hyphen in a label', 'a@b-.com'],
  ['a trailing hyphen in the last label', 'a@b.com-'],
  ['an underscore in the domain', 'a@b_c.com'],
  ['an address literal', 'a@[127.0.0.1]'],
  ['a mailbox that is too long', `${'l'.repeat(65)}@example.com`],
  ['a label that is too long', `a@${label}a.com`],
  ['letters beyond ASCII', 'jürgen@example.com'],
])('%s is not one plain address', (_kind, text) => {
  expect(isPlainAddress(text)).toBe(false);
});

test('an address may have 254 characters', () => {
  const address = (last: number) => `${'l'.repeat(64)}@${[label, label, 'a'.repeat(last)].join('.')}`;
  expect(address(61)).toHaveLength(longestAddress);
  expect(isPlainAddress(address(61))).toBe(true);
  expect(isPlainAddress(address(62))).toBe(false);
});
