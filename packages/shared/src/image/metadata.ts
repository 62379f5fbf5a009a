import type { Metadata } from 'sharp';
import { Rejected } from '../errors.ts';
import { formats, type ImageType } from './formats.ts';
import type { Header } from './header.ts';
import { countPictures } from './pictures.ts';
import { tileBytes } from './tiff.ts';

/** Samples per pixel, by the chroma subsampling of a JPEG. */
const samples: Record<string, number> = { '4:2:0': 1.5, '4:2:2': 2, '4:4:4': 3 };

/** A header as libvips describes it. @param exifOrientation if there is one: libvips does not see EXIF */
export function readMetadata(type: ImageType, metadata: Metadata, bytes: Buffer, exifOrientation: number | undefined): Header {
  const { pageHeight, pages, delay, loop, space, icc, depth, hasAlpha, channels, isProgressive, chromaSubsampling } = metadata;
  const frames = formats[type].moves ? (pages ?? 1) : 1;
  // libvips cannot rotate an animation. TIFF has its own tag for orientation.
  const orientation = frames > 1 ? 1 : (exifOrientation ?? metadata.orientation ?? 1);
  const [width, height] = [metadata.width, frames > 1 ? (pageHeight ?? metadata.height) : metadata.height];
  return {
    type,
    ...(orientation > 4 ? { width: height, height: width } : { width, height }),
    frames,
    pictures: Math.max(frames, countPictures(bytes, type)),
    ...(frames > 1 && { ...(delay && { delay }), ...(loop !== undefined && { loop }) }),
    orientation,
    model: space,
    alpha: hasAlpha,
    depth,
    bands: channels,
    interlaced: isProgressive,
    samplesPerPixel: channels > 3 ? channels : (samples[chromaSubsampling ?? ''] ?? channels),
    tile: type === 'image/tiff' ? tileBytes(bytes) : 0,
    ...(icc && { profile: icc }),
  };
}

/** libvips is loaded with the first image, not before: a page or a status does not need it. */
export async function metadataOf(bytes: Buffer): Promise<Metadata> {
  const { sharp } = await import('./libvips.ts');
  return sharp(bytes, { limitInputPixels: false, failOn: 'none' })
    .metadata()
    .catch((cause: unknown) => {
      throw new Rejected('The file is damaged: it starts like an image, but its header cannot be read.', { cause });
    });
}
