/** The image types that Darkroom takes, and what each becomes when nothing else is asked for. The one table of formats. */
export const formats = {
  'image/jpeg': { extension: 'jpg', print: 'image/jpeg', alpha: false, quality: true },
  'image/png': { extension: 'png', print: 'image/png', alpha: true, quality: false },
  'image/webp': { extension: 'webp', print: 'image/webp', alpha: true, quality: true },
  'image/avif': { extension: 'avif', print: 'image/avif', alpha: true, quality: true },
  'image/gif': { extension: 'gif', print: 'image/gif', alpha: true, quality: false },
  'image/tiff': { extension: 'tiff', print: 'image/tiff', alpha: true, quality: false },
  // No encoder for BMP: PNG keeps every pixel.
  'image/bmp': { extension: 'bmp', print: 'image/png', alpha: true, quality: false },
} as const;

export type ImageType = keyof typeof formats;
/** A type that prints can be encoded as. */
export type PrintType = (typeof formats)[ImageType]['print'];

/** The values of the `format` option. */
export const formatOption = { jpeg: 'image/jpeg', png: 'image/png', webp: 'image/webp', avif: 'image/avif' } as const;

export const extensionOf = (type: ImageType): string => formats[type].extension;

/** What a print of a photo of this type is encoded as. */
export function printType(type: ImageType, asked?: ImageType): PrintType {
  return formats[asked ?? type].print;
}

/**
 * Tells an image type by its first bytes; names and Content-Type headers are the sender's claim.
 * Signatures: each format's own specification (ISO/IEC 14496-12 `ftyp` brands for AVIF).
 * @param head at least the first 32 bytes
 */
export function sniff(head: Uint8Array): ImageType | undefined {
  const text = Buffer.from(head.subarray(0, 64)).toString('latin1');
  if (text.startsWith('\xff\xd8\xff')) return 'image/jpeg';
  if (text.startsWith('\x89PNG\r\n\x1a\n')) return 'image/png';
  if (text.startsWith('GIF87a') || text.startsWith('GIF89a')) return 'image/gif';
  if (text.startsWith('RIFF') && text.slice(8, 12) === 'WEBP') return 'image/webp';
  if (text.startsWith('II*\0') || text.startsWith('MM\0*')) return 'image/tiff';
  if (text.startsWith('BM') && [12, 40, 52, 56, 64, 108, 124].includes(text.charCodeAt(14))) return 'image/bmp';
  if (text.slice(4, 8) === 'ftyp' && /avif|avis/.test(text.slice(8, 8 + 4 * 8))) return 'image/avif';
  return undefined;
}
