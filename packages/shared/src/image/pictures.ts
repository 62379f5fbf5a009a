import { extensionOf, formats, type ImageType, type PrintType } from './formats.ts';
import { framesOf } from './png.ts';
import { countPages } from './tiff.ts';

/** How many frames or pages a file holds, where libvips would read the first one without a word. */
export function countPictures(bytes: Buffer, type: ImageType): number {
  if (type === 'image/png') return framesOf(bytes);
  if (type === 'image/tiff') return countPages(bytes);
  return type === 'image/avif' ? framesOfAvif(bytes) : 1;
}

/** A film has the brand `avis`, and a table of the sizes of its frames. ISO/IEC 14496-12, 8.7.3.2: after flags and a common size, a count. */
function framesOfAvif(bytes: Buffer): number {
  if (!bytes.toString('latin1', 8, 64).includes('avis')) return 1;
  const at = bytes.indexOf('stsz', 0, 'latin1');
  return at === -1 || at + 16 > bytes.length ? 1 : Math.max(1, bytes.readUInt32BE(at + 12));
}

/**
 * What a person is told of a photo that holds more than a print can: "Only the first of 3 frames is developed ...". Undefined where
 * the print holds all.
 * @param pictures frames or pages in the file
 */
export function noteOn({ type, pictures }: { type: ImageType; pictures: number }, print: PrintType): string | undefined {
  if (pictures < 2 || (formats[type].moves && formats[print].moves)) return undefined;
  const parts = type === 'image/tiff' ? 'pages' : 'frames';
  const remedy =
    type === 'image/tiff'
      ? 'Send each page as a file of its own to have them all.'
      : formats[type].moves
        ? `A ${extensionOf(print).toUpperCase()} print cannot move; leave the format as it is to keep the animation.`
        : 'Send an animation as GIF or WebP to keep it.';
  return `Only the first of ${pictures} ${parts} is developed. ${remedy}`;
}
