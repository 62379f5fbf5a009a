import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { Rejected } from '../src/errors.ts';
import { inspect } from '../src/image/inspect.ts';
import { imageLimits } from './images/filters.ts';
import { rgb, sensor, tiff } from './images/tiff.ts';

const refusal = async (bytes: Buffer) => {
  const error: unknown = await inspect(bytes, imageLimits).catch((fault: unknown) => fault);
  expect(error).toBeInstanceOf(Rejected);
  const { status, message } = error as Rejected;
  return `${status} ${message}`;
};
const box = (brand: string, ...compatible: string[]) =>
  `\0\0\0${String.fromCharCode(16 + compatible.length * 4)}ftyp${brand}\0\0\0\0${compatible.join('')}`;

describe('a file that Darkroom does not develop is named, with advice', () => {
  test.each([
    ['HEIC of an iPhone', box('heic', 'mif1', 'heic'), 'a HEIC photo', 'Most Compatible'],
    ['HEIF of Android', box('mif1', 'mif1', 'heix'), 'a HEIC photo', 'as JPEG'],
    ['HEIC, a series', box('msf1', 'hevc'), 'a HEIC photo', 'as JPEG'],
    ['Canon CR3', box('crx ', 'isom'), 'a camera RAW file (Canon CR3)', 'Export it as JPEG'],
    ['Canon CR2', 'II*\0\x10\0\0\0CR\x02\0\0\0\0\0', 'a camera RAW file (Canon CR2)', 'Export it as JPEG'],
    ['Canon CRW', 'II\x1a\0\0\0HEAPCCDR', 'a camera RAW file (Canon CRW)', 'Export it as JPEG'],
    ['Fujifilm RAF', 'FUJIFILMCCD-RAW 0201', 'a camera RAW file (Fujifilm RAF)', 'Export it as JPEG'],
    ['Olympus ORF', 'IIRO\x08\0\0\0', 'a camera RAW file (Olympus ORF)', 'Export it as JPEG'],
    ['Panasonic RW2', 'IIU\0\x18\0\0\0', 'a camera RAW file (Panasonic RW2)', 'Export it as JPEG'],
    ['Sigma X3F', 'FOVb\0\0\x02\0', 'a camera RAW file (Sigma X3F)', 'Export it as JPEG'],
    ['PSD', '8BPS\0\x01\0\0', 'a Photoshop file', 'Export it as PNG or JPEG'],
    ['PDF', '%PDF-1.7\n', 'a PDF', 'Save its pages'],
    ['PDF after a line break', '\r\n%PDF-1.4', 'a PDF', 'Save its pages'],
    ['EPS', '%!PS-Adobe-3.0 EPSF-3.0\n', 'a PostScript file', 'Export it'],
    ['SVG', '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>', 'an SVG drawing', 'Export it'],
    ['SVG with a prologue', '<?xml version="1.0"?>\n<!-- a --><svg:svg/>\n<svg width="1">', 'an SVG drawing', 'Export it'],
    ['HTML', '\n<!DOCTYPE html><html><body><svg></svg>', 'a web page', 'Save the photo itself'],
    ['MOV', box('qt  ', 'qt  '), 'a video', 'Send a photo'],
    ['old MOV', '\0\0\x10\0moov\0\0\0\x6cmvhd', 'a video', 'Send a photo'],
    ['MP4', box('isom', 'isom', 'iso2', 'avc1', 'mp41'), 'a video', 'Send a photo'],
    ['AVI', 'RIFF\x10\0\0\0AVI LIST', 'a video', 'Send a photo'],
    ['MKV', '\x1aE\xdf\xa3\x9f\x42\x86\x81', 'a video', 'Send a photo'],
    ['MP3', 'ID3\x03\0\0\0', 'a sound file', 'Send a photo'],
    ['JPEG XL', '\xff\x0a\xfa\x1f\x01', 'a JPEG XL picture', 'as JPEG'],
    ['JPEG XL in a box', '\0\0\0\x0cJXL \r\n\x87\n', 'a JPEG XL picture', 'as JPEG'],
    ['JPEG 2000', '\0\0\0\x0cjP  \r\n\x87\n', 'a JPEG 2000 picture', 'as JPEG'],
    ['JPEG 2000 as a stream', '\xff\x4f\xff\x51\0', 'a JPEG 2000 picture', 'as JPEG'],
    ['ICO', '\0\0\x01\0\x01\0\x10\x10', 'an icon (ICO)', 'Export it'],
    ['ZIP', 'PK\x03\x04\x14\0', 'a ZIP archive', 'Unpack it'],
    ['RAR', 'Rar!\x1a\x07\0', 'an archive', 'Unpack it'],
    ['BigTIFF', 'II+\0\x08\0\0\0', 'a BigTIFF', 'as an ordinary TIFF'],
    ['AppleDouble', '\0\x05\x16\x07\0\x02\0\0', 'a note that a Mac keeps', 'Send the file itself'],
    ['text', 'hello', 'not an image', 'Send a JPEG'],
    ['an empty file', '', 'not an image', 'Send a JPEG'],
    ['one byte', '\xff', 'not an image', 'Send a JPEG'],
  ])('%s', async (_name, content, called, advice) => {
    const said = await refusal(Buffer.from(content, 'latin1'));
    expect(said).toMatch(/^415 /);
    expect(said).toContain(called);
    expect(said).toContain(advice);
  });
});

describe('a thumbnail is never passed off as the photo', () => {
  const thumbnail = rgb(16, 12, [254, 4, 1]);
  test.each<[string, Buffer, string]>([
    ['DNG', tiff([[...thumbnail, [50_706, 3, 1, 4]]], [sensor(40, 30)]), 'a camera RAW file'],
    [
      'NEF: sensor samples below the thumbnail',
      tiff([thumbnail], [rgb(32, 24, [254, 4, 1]), sensor(40, 30)]),
      'a camera RAW file',
    ],
    ['PEF: sensor samples as the second page', tiff([thumbnail, sensor(40, 30)]), 'a camera RAW file'],
    [
      'Nikon compression',
      tiff([thumbnail], [[...rgb(40, 30).filter(([tag]) => tag !== 259), [259, 3, 34_713]]]),
      'a camera RAW file',
    ],
    [
      'a DNG whose colours are made (LinearRaw)',
      tiff([thumbnail], [[...rgb(40, 30).filter(([tag]) => tag !== 262), [262, 3, 34_892]]]),
      'a camera RAW file',
    ],
    ['a TIFF that keeps its photo below a thumbnail', tiff([thumbnail], [rgb(40, 30)]), 'only a small copy'],
    ['a TIFF that says so of its first page', tiff([thumbnail, rgb(40, 30)]), 'only a small copy'],
  ])('%s', async (_name, bytes, called) => {
    const said = await refusal(bytes);
    expect(said).toMatch(/^415 /);
    expect(said).toContain(called);
  });

  test('a photo followed by, or containing, a smaller copy counts as one page', async () => {
    const smaller = rgb(16, 12, [254, 4, 1]);
    for (const bytes of [tiff([rgb(40, 30), smaller]), tiff([rgb(40, 30)], [smaller])])
      expect(await inspect(bytes, imageLimits)).toMatchObject({ width: 40, height: 30, pictures: 1 });
  });

  test('directories that point at themselves are read once', async () => {
    const bytes = tiff([rgb(40, 30), rgb(40, 30)]);
    const first = bytes.readUInt32LE(4);
    const next = first + 2 + bytes.readUInt16LE(first) * 12;
    bytes.writeUInt32LE(first, bytes.readUInt32LE(next) + 2 + bytes.readUInt16LE(bytes.readUInt32LE(next)) * 12);
    await inspect(bytes, imageLimits).then(
      ({ pictures }) => expect(pictures).toBe(2),
      (error: unknown) => expect(error).toBeInstanceOf(Rejected),
    );
  });
});

test('nothing that sharp makes is a foreign format', async () => {
  const photo = sharp({ create: { width: 20, height: 10, channels: 3, background: '#123' } });
  for (const format of ['jpeg', 'png', 'webp', 'avif', 'gif', 'tiff'] as const)
    expect(await inspect(await photo.toFormat(format).toBuffer(), imageLimits)).toMatchObject({ width: 20, height: 10 });
});
