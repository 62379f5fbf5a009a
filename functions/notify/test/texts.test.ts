import { locales } from '@darkroom/shared/job/locale';
import { expect, test } from 'vitest';
import { textsFor } from '../src/texts/choose.ts';

const day = 24 * 60 * 60;

test.each([
  ['en', 0, 'Your photos could not be developed'],
  ['en', 1, 'Your print is ready'],
  ['en', 1998, 'Your 1,998 prints are ready'],
  ['de', 0, 'Ihre Fotos konnten nicht entwickelt werden'],
  ['de', 1, 'Ihr Abzug ist fertig'],
  ['de', 1998, 'Ihre 1.998 Abzüge sind fertig'],
])('%s, %i prints: %s', (locale, prints, subject) => expect(textsFor(locale).subject(prints)).toBe(subject));

test('lists, sizes and durations are those of the language', () => {
  const [en, de] = [textsFor('en'), textsFor('de')];
  expect(en.made('a.jpg', ['blur', 'grayscale', 'sepia'])).toBe('a.jpg: blur, grayscale, and sepia');
  expect(de.made('a.jpg', ['blur', 'grayscale', 'sepia'])).toBe('a.jpg: blur, grayscale und sepia');
  expect([1, 1024 ** 2 - 1, 1024 ** 2, 3.46 * 1024 ** 2].map((bytes) => de.links.archive(bytes).split(', ')[1])).toEqual([
    '1\u00a0kB',
    '1.024\u00a0kB',
    '1\u00a0MB',
    '3,5\u00a0MB',
  ]);
  expect(en.links.archive(3.46 * 1024 ** 2)).toContain('3.5\u00a0MB');
  expect(de.retention(1.5 * day)).toContain(' 1,5 Tage nach dieser Mail');
  expect(de.retention(60)).toContain(' 1 Minute nach dieser Mail');
  expect([en.more(1979), de.more(1979)]).toEqual(['and 1,979 more', 'und 1.979 weitere']);
});

test('no text is empty, and no two languages share one', () => {
  const all = locales.map((locale) => {
    const { made: _names, locale: _tag, ...texts } = textsFor(locale);
    return sentences(texts);
  });
  for (const texts of all) for (const [path, text] of texts) expect(text.trim(), path).not.toBe('');
  const [first, ...others] = all;
  for (const other of others) for (const [path, text] of other) expect(text, path).not.toBe(first!.get(path));
});

/** Every text, by its path; those that depend on a number, for 2. */
function sentences(texts: object, path = ''): Map<string, string> {
  return new Map(
    Object.entries(texts).flatMap(([name, value]): [string, string][] => {
      if (typeof value === 'object') return [...sentences(value as object, `${path}.${name}`)];
      return [[`${path}.${name}`, typeof value === 'string' ? value : (value as (amount: number) => string)(2)]];
    }),
  );
}
