import { expect, test } from 'vitest';
import { shownName } from '../src/names.ts';

test.each([
  ['photo.jpg', 'photo.jpg'],
  ['IMG_2024.07.01.jpeg', 'IMG_2024.07.01.jpeg'],
  ['Übung 写真.png', 'Übung 写真.png'],
  ['www.evil.example.jpg', 'www evil example.jpg'],
  ['www.evil.example', 'www evil example'],
  ['http://evil.example/x', 'http evil example x'],
  ['mail me@evil.example.png', 'mail me evil example.png'],
  ['evil。example.jpg', 'evil example.jpg'],
  ['evil.4u.example.jpg', 'evil 4u example.jpg'],
  ['1.evil.2.jpg', '1 evil 2.jpg'],
  ['photo.zip', 'photo zip'],
  ['scan.tif', 'scan.tif'],
  ['  my   photo .jpg', 'my photo.jpg'],
  [`${'a'.repeat(40)}.jpg`, `${'a'.repeat(40)}.jpg`],
  [`${'a'.repeat(41)}.jpg`, `${'a'.repeat(40)}….jpg`],
  [`${'写'.repeat(60)}.jpg`, `${'写'.repeat(40)}….jpg`],
])('%j is shown as %j', (name, shown) => {
  expect(shownName(name)).toBe(shown);
});
