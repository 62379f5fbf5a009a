import type { Job, Photo } from '@darkroom/shared/job';
import { archivePath, distinctStems, originalName, printName } from '@darkroom/shared/job/names';
import { expect, test } from 'vitest';

test.each([
  ['a.jpg', 'a'],
  ['a.b.jpg', 'a.b'],
  ['../../etc/passwd', 'etc-passwd'],
  ['con.jpg', 'photo-con'],
  ['COM1', 'photo-COM1'],
  ['nul.tar.gz', 'photo-nul.tar'],
  ['lpt1.png', 'photo-lpt1'],
  ['balcon.jpg', 'balcon'],
  ['console.jpg', 'console'],
  ['what?*?.jpg', 'what'],
  ['one??two.jpg', 'one-two'],
  ['.jpg', 'photo'],
  ['...', 'photo'],
  ['  spaced out  .png', 'spaced out'],
  ['Łódź 写真.jpeg', 'Łódź 写真'],
  [`${'写'.repeat(100)}.jpg`, '写'.repeat(66)],
  [`${'\u{20000}'.repeat(100)}.jpg`, '\u{20000}'.repeat(50)],
])('%j is saved as %j', (name, stem) => {
  expect(distinctStems([name])).toEqual([stem]);
});

test.each([
  [
    ['image.jpg', 'image.jpg', 'IMAGE.png'],
    ['image', 'image-2', 'IMAGE-3'],
  ],
  [
    ['a-2.jpg', 'a.jpg', 'a.jpg'],
    ['a-2', 'a', 'a-3'],
  ],
  [
    ['caf\u00e9.jpg', 'cafe\u0301.jpg'],
    ['café', 'café-2'],
  ],
  [
    ['straße.jpg', 'STRASSE.jpg'],
    ['straße', 'STRASSE-2'],
  ],
  [
    ['\ufb01sh.jpg', 'fish.jpg'],
    ['\ufb01sh', 'fish-2'],
  ],
])('%j stay apart', (names, stems) => {
  expect(distinctStems(names)).toEqual(stems);
});

test('page, mail and archive give a photo the same stem, and the extension of its actual type', () => {
  const photo = (image: string, name: string): Photo => ({ image, name, type: 'image/bmp', bytes: 1, width: 1, height: 1 });
  const images = [photo('1', 'a.jpg'), photo('2', 'A.jpeg')];
  const job = { images, options: {} } as unknown as Job;
  const second = images[1]!;
  expect(originalName(job, second)).toBe('A-2.bmp');
  expect(printName(job, second, 'sepia')).toBe('A-2-sepia.png');
  expect(archivePath(job, second, 'original')).toBe('original/A-2.bmp');
  expect(archivePath(job, second, 'sepia')).toBe('sepia/A-2.png');
  expect(printName({ ...job, options: { format: 'image/webp' } }, second, 'sepia')).toBe('A-2-sepia.webp');
});
