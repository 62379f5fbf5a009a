import { extensionOf, formats, type ImageType, type PrintType } from './formats.ts';
import { framesOf } from './png.ts';
import { countPages } from './tiff.ts';

/** How many frames or pages a file holds, in formats of which libvips silently reads only the first. */
export function countPictures(bytes: Buffer, type: ImageType): number {
  if (type === 'image/png') return framesOf(bytes);
  if (type === 'image/tiff') return countPages(bytes);
  return type === 'image/avif' ? framesOfAvif(bytes) : 1;
}

/** A sequence has the brand `avis` and a table of frame sizes. ISO/IEC 14496-12, 8.7.3.2: flags, a common size, then a count. */
function framesOfAvif(bytes: Buffer): number {
  if (!bytes.toString('latin1', 8, 64).includes('avis')) return 1;
  const at = bytes.indexOf('stsz', 0, 'latin1');
  return at === -1 || at + 16 > bytes.length ? 1 : Math.max(1, bytes.readUInt32BE(at + 12));
}

/**
 * What to tell the person about a photo that holds more than its print can: "Only the first of 3 frames is developed ...". Undefined
 * if the print holds everything.
 * @param pictures frames or pages in the file
 */
export function noteOn({ type, pictures }: { type: ImageType; pictures: number }, print: PrintType): string | undefined {
  if (pictures < 2 || (formats[type].moves && formats[print].moves)) return undefined;
  if (type === 'image/heic')
    return `Only the main picture of ${pictures} is developed. To get them all, send each as a separate file.`;
  const parts = type === 'image/tiff' ? 'pages' : 'frames';
  const remedy =
    type === 'image/tiff'
      ? 'To get them all, send each page as a separate file.'
      : formats[type].moves
        ? `A ${extensionOf(print).toUpperCase()} print cannot be animated; to keep the animation, keep the format as it is.`
        : 'To keep an animation, send it as GIF or WebP.';
  return `Only the first of ${pictures} ${parts} is developed. ${remedy}`;
}
