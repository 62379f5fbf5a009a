import { expect, test } from 'vitest';
import { preferredLocale } from '../src/http/language.ts';

test.each([
  [undefined, 'en'],
  ['', 'en'],
  ['*', 'en'],
  ['de', 'de'],
  ['DE-at', 'de'],
  ['de-Latn-CH-1996', 'de'],
  ['fr, de;q=0.8, en;q=0.9', 'en'],
  ['en;q=0.4, de;q=0.5', 'de'],
  ['de;q=0, *', 'en'],
  ['en;q=0, *', 'de'],
  ['fr', 'en'],
  ['dea, den-DE', 'en'],
  ['__proto__, constructor', 'en'],
  [',;,de;q=x,,-', 'en'],
  [`${'fr,'.repeat(5000)}de`, 'de'],
  [`de${'-x'.repeat(7000)}`, 'de'],
  [`${' '.repeat(16_000)}de`, 'de'],
])('Accept-Language: %.40j leads to %s', (header, locale) => {
  expect(preferredLocale(header)).toBe(locale);
});
