/**
 * The image types that Darkroom accepts (HEIC only where that is set), and what each becomes unless another format is requested. The only table of formats.
 * `grey`: a print can be stored as one channel. `moves`: prints keep every frame of an animation. `longestSide`: the maximum in pixels that
 * the format or its encoder allows.
 */
export const formats = {
  'image/jpeg': {
    extension: 'jpg',
    print: 'image/jpeg',
    alpha: false,
    grey: true,
    quality: true,
    moves: false,
    longestSide: 65_500,
  },
  'image/png': {
    extension: 'png',
    print: 'image/png',
    alpha: true,
    grey: true,
    quality: false,
    moves: false,
    longestSide: 1_000_000,
  },
  'image/webp': {
    extension: 'webp',
    print: 'image/webp',
    alpha: true,
    grey: false,
    quality: true,
    moves: true,
    longestSide: 16_383,
  },
  'image/avif': {
    extension: 'avif',
    print: 'image/avif',
    alpha: true,
    grey: true,
    quality: true,
    moves: false,
    longestSide: 16_384,
  },
  'image/gif': {
    extension: 'gif',
    print: 'image/gif',
    alpha: true,
    grey: false,
    quality: false,
    moves: true,
    longestSide: 65_535,
  },
  'image/tiff': {
    extension: 'tiff',
    print: 'image/tiff',
    alpha: true,
    grey: true,
    quality: false,
    moves: false,
    longestSide: 1_000_000,
  },
  // There is no encoder for BMP; PNG keeps every pixel.
  'image/bmp': {
    extension: 'bmp',
    print: 'image/png',
    alpha: true,
    grey: true,
    quality: false,
    moves: false,
    longestSide: 1_000_000,
  },
  // Nor is there one for HEIC, which hardly anything but phones can show.
  'image/heic': {
    extension: 'heic',
    print: 'image/jpeg',
    alpha: true,
    grey: true,
    quality: true,
    moves: false,
    longestSide: 32_768,
  },
} as const;

export type ImageType = keyof typeof formats;
/** A type that prints can have. */
export type PrintType = (typeof formats)[ImageType]['print'];

/** The values of the `format` option. */
export const formatOption = { jpeg: 'image/jpeg', png: 'image/png', webp: 'image/webp', avif: 'image/avif' } as const;

export const extensionOf = (type: ImageType): string => formats[type].extension;

/** What a print of a photo of this type is encoded as. */
export function printType(type: ImageType, asked?: ImageType): PrintType {
  return formats[asked ?? type].print;
}

/**
 * Recognises an image type by its first bytes; names and Content-Type headers are only the sender's claim.
 * Signatures: each format's own specification (ISO/IEC 14496-12 `ftyp` brands for AVIF and HEIC).
 * @param head at least the first 256 bytes
 */
export function sniff(head: Uint8Array): ImageType | undefined {
  const text = latin1(head.subarray(0, 256));
  if (text.startsWith('\xff\xd8\xff')) return 'image/jpeg';
  if (text.startsWith('\x89PNG\r\n\x1a\n')) return 'image/png';
  if (text.startsWith('GIF87a') || text.startsWith('GIF89a')) return 'image/gif';
  if (text.startsWith('RIFF') && text.slice(8, 12) === 'WEBP') return 'image/webp';
  if (text.startsWith('II*\0') || text.startsWith('MM\0*')) return 'image/tiff';
  if (text.startsWith('BM') && [12, 40, 52, 56, 64, 108, 124].includes(text.charCodeAt(14))) return 'image/bmp';
  if (text.slice(4, 8) !== 'ftyp') return undefined;
  const named = brands(text);
  if (named.some((brand) => brand === 'avif' || brand === 'avis')) return 'image/avif';
  return !named.includes('crx ') && named.some((brand) => heifBrands.test(brand)) ? 'image/heic' : undefined;
}

/** HEIC (ISO/IEC 23008-12, annex B), and HEIF in general, whose codec only its header tells. */
const heifBrands = /^(hei[cxms]|hev[cxms]|mif1|msf1|MiHE|MiPr)$/;

/** One character per byte. Neither Buffer nor TextDecoder: browsers lack the one, and in the other latin1 is Windows-1252. */
export const latin1 = (bytes: Uint8Array) => String.fromCharCode(...bytes);

/** The length that a box of ISO/IEC 14496-12 begins with. */
export const boxLength = (text: string) => [0, 1, 2, 3].reduce((length, at) => length * 256 + text.charCodeAt(at), 0);

/** Four letters each: the major brand, a version, then the compatible brands. */
function brands(text: string): string[] {
  const end = Math.min(text.length, boxLength(text));
  return Array.from({ length: Math.floor(end / 4) }, (_, index) => text.slice(index * 4, index * 4 + 4)).slice(2);
}
