import type { Header } from './header.ts';
import { lumaTable } from './jpeg-tables.ts';
import { defaultQuality } from './save.ts';

/** How a JPEG is encoded. */
export interface JpegSettings {
  /** 1..100, as in libjpeg. */
  quality: number;
  /** Whether four pixels share their chroma. */
  halfChroma: boolean;
}

/** At least 38 dB of almost any picture, whatever it comes from (figures in docs/images.md). */
const safest: JpegSettings = { quality: defaultQuality['image/jpeg'], halfChroma: false };

/** Luma's quantization table at quality 50, in zigzag order: ITU-T T.81, table K.1. */
const table = [
  16, 11, 12, 14, 12, 10, 16, 14, 13, 14, 18, 17, 16, 19, 24, 40, 26, 24, 22, 22, 24, 49, 35, 37, 29, 40, 58, 51, 61, 60, 57, 51,
  56, 55, 64, 72, 92, 78, 64, 68, 87, 69, 55, 56, 80, 109, 81, 87, 95, 98, 103, 104, 103, 62, 77, 113, 121, 112, 100, 120, 92,
  101, 103, 99,
];

/** Percent of that table; libjpeg's jpeg_quality_scaling. */
const scaleOf = (quality: number) => (quality < 50 ? 5000 / quality : 200 - 2 * quality);

/** As libjpeg rounds and limits it. */
const entryAt = (entry: number, quality: number) =>
  Math.min(255, Math.max(1, Math.floor((entry * Math.floor(scaleOf(quality)) + 50) / 100)));

/** The lowest quality whose table is nowhere coarser than that of the JPEG. Undefined without a table of 8 bits. */
function qualityOf(bytes: Buffer): number | undefined {
  const own = lumaTable(bytes);
  if (!own || own.includes(0)) return undefined;
  for (let quality = 1; quality <= 100; quality += 1)
    if (table.every((entry, index) => entryAt(entry, quality) <= own[index]!)) return quality;
  return undefined;
}

/** How to encode the print of a JPEG. */
export interface PrintSettings extends JpegSettings {
  /** Settings for less, which may be enough: to be tried in this order. */
  leaner: JpegSettings[];
}

/**
 * How to encode a tinted or grey print of a JPEG, so that it keeps 38 dB and does not outgrow its photo. With the photo's own table, most
 * coefficients stay as they were. But a tint turns detail and edges into chroma, so that some pictures need more.
 * @param grey whether the print has luma alone
 */
export function printSettings(bytes: Buffer, header: Header, grey: boolean): PrintSettings {
  const { type, model, width, height, samplesPerPixel, orientation } = header;
  const own = type === 'image/jpeg' && (model === 'srgb' || model === 'b-w') ? qualityOf(bytes) : undefined;
  // Blocks that a rotation moves off their grid lose as much again.
  const onGrid = orientation === 1 || (width % 8 === 0 && height % 8 === 0);
  if (own === undefined || !onGrid) return { ...safest, leaner: [] };
  // A coarser table loses too much, and a slightly finer one, whose steps are not its parts, loses more.
  const quality = own < 60 ? 75 : Math.min(own, safest.quality);
  const pixels = width * height;
  const detail = bytes.length / pixels / (2.2 * scaleOf(own) ** -0.687);
  const ladder = [
    { quality, halfChroma: samplesPerPixel < 3 },
    { quality, halfChroma: false },
    { quality: Math.max(quality, 94), halfChroma: false },
    safest,
  ];
  const likely = ladder.slice(grey || detail <= 1 ? 0 : detail <= 1.25 ? 1 : detail <= 2 ? 2 : 3);
  // Small pictures are drawings more often, whose edges tell nothing of their detail.
  return pixels < 1_000_000 ? { ...safest, leaner: likely.slice(0, -1) } : { ...likely[0]!, leaner: [] };
}

/** Most mean square that a print may be off the picture that it was made from: 38.5 dB, since the picture itself is close, not equal. */
export const mostError = 255 ** 2 / 10 ** 3.85;
