import { expect, test } from 'vitest';
import { safeName } from '../src/jobs/file-name.ts';

const long = 'é'.repeat(300);

test.each([
  ['a.jpg', 'a.jpg'],
  ['../../etc/passwd', 'passwd'],
  ['C:\\photos\\me.jpg', 'me.jpg'],
  ['mixed\\of/both.jpg', 'both.jpg'],
  ['abc\u202egpj.exe', 'abcgpj.exe'],
  ['tab\there\u0007.jpg', 'tabhere.jpg'],
  ['a\r\nset-cookie: b.jpg', 'aset-cookie: b.jpg'],
  ['a\u2028b\u2029c\u061cd\u200ee\u200ff\u2066g\u2069h\ufeff.jpg', 'abcdefgh.jpg'],
  ['a \u00a0  b.jpg', 'a b.jpg'],
  ['  a.jpg  ', 'a.jpg'],
  ['Łódź 写真 👩‍👩‍👧.jpeg', 'Łódź 写真 👩‍👩‍👧.jpeg'],
  ['e\u0301.jpg', 'é.jpg'],
  ['half \ud83d.jpg', 'half \ufffd.jpg'],
  ['.jpg', 'photo.jpg'],
  ['  .jpg', 'photo.jpg'],
  ['<img src=x onerror=alert(1)>.jpg', '<img src=x onerror=alert(1)>.jpg'],
  [`${long}.jpeg`, `${long.slice(0, 95)}.jpeg`],
  [long, long.slice(0, 100)],
  [`${'👩'.repeat(200)}.jpg`, `${'👩'.repeat(96)}.jpg`],
  [`${'a'.repeat(95)} b.jpg`, `${'a'.repeat(95)}.jpg`],
])('the name %j is kept as %j', (sent, kept) => expect(safeName(sent)).toBe(kept));

test.each([undefined, '', '..', ' . ', '/', 'folder/', '\u202e'])('%j is no name, and gets the one that is given', (sent) => {
  expect(safeName(sent, 'Photo 3')).toBe('Photo 3');
  expect(safeName(sent)).toBe('photo');
});
