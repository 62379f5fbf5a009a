/* oxlint-disable no-underscore-dangle -- Emscripten names the functions of C so */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { heicDecoderBytes } from './cost.ts';
import { Rejected } from '../errors.ts';
import type { Header } from './header.ts';
import { type Libheif, startLibheif } from './libheif.ts';
import { tiffAround } from './raw-tiff.ts';

/** Numbers of libheif: heif_image.h. */
const [rgb, interleavedRgba, interleaved] = [1, 11, 10];
/** heif_error.h. */
const outOfMemory = 6;
/** Offsets within heif_decoding_options (heif_decoding.h), which only ever grows: report what cannot be read; leave colours as they are. */
const [strictDecoding, passthrough] = [21, 69];

/**
 * Decodes the primary picture of a HEIC file to an uncompressed TIFF: upright, RGBA of 8 bits, with its profile.
 * @throws Rejected if libheif finds a fault, or needs more memory than the header calls for
 */
export async function tiffOfHeic(bytes: Buffer, header: Header): Promise<Buffer> {
  try {
    return await decode(bytes, header);
  } finally {
    collectGarbage();
  }
}

async function decode(bytes: Buffer, header: Header): Promise<Buffer> {
  const { width, height, profile } = header;
  // One for each photo: what a damaged one does to its memory, the next does not see.
  const heif = await startLibheif(heicDecoderBytes(header) + bytes.length);
  const { bytes: tiff, pixels } = tiffAround(width, height, profile);
  try {
    const { image, premultiplied } = decodePrimary(heif, bytes);
    if (heif._heif_image_get_primary_width(image) !== width || heif._heif_image_get_primary_height(image) !== height)
      throw new Error('Its header gives it another size');
    const stride = heif._malloc(4);
    const plane = heif._heif_image_get_plane_readonly(image, interleaved, stride);
    const step = heif.HEAPU32[stride / 4]!;
    for (let row = 0; row < height; row += 1)
      pixels.set(heif.HEAPU8.subarray(plane + row * step, plane + row * step + width * 4), row * width * 4);
    if (premultiplied) divideByAlpha(pixels);
  } catch (cause) {
    if (cause instanceof Rejected) throw cause;
    throw new Rejected('The file is damaged: it starts like a HEIC photo, but cannot be read to its end.', { cause });
  }
  return tiff;
}

/** @throws Error, whatever the fault: even that WebAssembly ran into a wall */
function decodePrimary(heif: Libheif, bytes: Buffer): { image: number; premultiplied: boolean } {
  const error = heif._malloc(12);
  const check = (step: string) => {
    const [code, detail] = heif.HEAPU32.subarray(error / 4);
    if (code === outOfMemory)
      throw new Rejected('It takes more memory to develop than its header calls for. Export it as JPEG and send that.', {
        reason: 'memory',
      });
    if (code !== 0) throw new Error(`libheif: ${step}: ${code}, ${detail}`);
  };
  const pointer = heif._malloc(4);
  const file = heif._malloc(bytes.length);
  if (file === 0) throw new Error('No memory for the file');
  heif.HEAPU8.set(bytes, file);
  const context = heif._heif_context_alloc();
  heif._heif_context_read_from_memory_without_copy(error, context, file, bytes.length, 0);
  check('read');
  heif._heif_context_get_primary_image_handle(error, context, pointer);
  check('find');
  const handle = heif.HEAPU32[pointer / 4]!;
  const options = heif._heif_decoding_options_alloc();
  heif.HEAPU8[options + strictDecoding] = 1;
  heif.HEAPU8[options + passthrough] = 1;
  heif._heif_decode_image(error, handle, pointer, rgb, interleavedRgba, options);
  check('decode');
  return { image: heif.HEAPU32[pointer / 4]!, premultiplied: heif._heif_image_handle_is_premultiplied_alpha(handle) !== 0 };
}

/** Some files store colours as they would appear on black. */
function divideByAlpha(pixels: Buffer): void {
  for (let at = 0; at < pixels.length; at += 4) {
    const alpha = pixels[at + 3]!;
    if (alpha > 0 && alpha < 255)
      for (let part = at; part < at + 3; part += 1) pixels[part] = Math.min(255, Math.round((pixels[part]! * 255) / alpha));
  }
}

/** A memory of WebAssembly goes with its instance, and that only when garbage is collected, which nothing hurries: it is no JavaScript. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
}
