import { coloursOfCodes } from './cicp.ts';
import { Rejected } from '../errors.ts';
import type { Header } from './header.ts';
import { type Heif, type Item, readHeif } from './heif.ts';
import { makeProfile, srgbPrimaries } from './icc.ts';

/**
 * Reads the header of a HEIC file: of its primary picture, by ISO/IEC 23008-12. No decoder sees it.
 * @throws Rejected if it is damaged, or holds no picture in HEVC
 */
export function readHeicHeader(bytes: Buffer): Header {
  try {
    return headerOf(readHeif(bytes), bytes.length);
  } catch (cause) {
    if (cause instanceof Rejected) throw cause;
    throw new Rejected('The file is damaged: it starts like a HEIC photo, but its header cannot be read.', { cause });
  }
}

function headerOf(file: Heif, length: number): Header {
  const picture = file.items.get(file.primary);
  if (!picture) throw new RangeError('There is no primary item');
  const coded = codedPictures(file, picture);
  const alpha = alphaOf(file, picture);
  for (const item of [...coded, ...(alpha ? codedPictures(file, alpha) : [])]) checkExtents(item, length);
  const { width, height } = displayed(picture);
  const [first] = coded;
  const deep = bitsOf(first!) > 8;
  const profile = profileOf(picture) ?? profileOf(first!);
  return {
    type: 'image/heic',
    width,
    height,
    frames: 1,
    pictures: countPictures(file),
    // The decoder turns it upright.
    orientation: 1,
    model: 'srgb',
    alpha: alpha !== undefined,
    depth: deep ? 'ushort' : 'uchar',
    bands: 4,
    interlaced: false,
    samplesPerPixel: 3,
    tile: Math.max(...coded.map(areaOf)) * (deep ? 4 : 3),
    ...(profile && { profile }),
  };
}

/** The pictures in HEVC that a picture is made of: itself, or the tiles of a grid. */
function codedPictures({ items, references }: Heif, picture: Item): Item[] {
  const tiles = references.filter(({ type, from }) => type === 'dimg' && from === picture.id).flatMap(({ to }) => to);
  const coded = picture.type === 'grid' ? tiles.map((id) => items.get(id)) : [picture];
  if (coded.length === 0 || coded.some((item) => item?.type !== 'hvc1'))
    throw new Rejected(
      'This is a HEIF file whose picture is not in HEVC, as that of a HEIC photo is. Export it as JPEG and send that.',
      {
        status: 415,
      },
    );
  return coded as Item[];
}

/** An auxiliary picture that says by its type that it is the alpha channel. */
function alphaOf({ items, references }: Heif, picture: Item): Item | undefined {
  return references
    .filter(({ type, to }) => type === 'auxl' && to.includes(picture.id))
    .map(({ from }) => items.get(from))
    .find((item) => /:alpha\0|:auxid:1\0/.test(property(item, 'auxC')?.toString('latin1') ?? ''));
}

/** Pictures of their own: neither hidden, nor a thumbnail, a mask or a tile of another. */
function countPictures({ primary, items, references }: Heif): number {
  const lesser = new Set(
    references.flatMap(({ type, from, to }) => (type === 'dimg' ? to : type === 'thmb' || type === 'auxl' ? [from] : [])),
  );
  const isPicture = ({ id, type, hidden }: Item) =>
    id === primary || ((type === 'hvc1' || type === 'grid') && !hidden && !lesser.has(id));
  return [...items.values()].filter(isPicture).length;
}

function checkExtents({ extents }: Item, length: number): void {
  if (extents.length === 0 || extents.some((extent) => extent.start + extent.length > length))
    throw new Rejected('The file is damaged: it starts like a HEIC photo, but breaks off.');
}

/** Its size after its properties have cropped and turned it. */
function displayed(picture: Item): { width: number; height: number } {
  let { width, height } = sizeOf(picture);
  for (const { type, content } of picture.properties) {
    if (type === 'clap') {
      width = Math.round(content.readUInt32BE(0) / content.readUInt32BE(4));
      height = Math.round(content.readUInt32BE(8) / content.readUInt32BE(12));
    }
    if (type === 'irot' && (content.readUInt8(0) & 1) === 1) [width, height] = [height, width];
  }
  if (!(width > 0 && height > 0)) throw new RangeError(`${width} x ${height}`);
  return { width, height };
}

function sizeOf(item: Item): { width: number; height: number } {
  const size = property(item, 'ispe');
  if (!size) throw new RangeError('A picture without a size');
  return { width: size.readUInt32BE(4), height: size.readUInt32BE(8) };
}

function areaOf(item: Item): number {
  const { width, height } = sizeOf(item);
  return width * height;
}

/** Bits per sample of luma. Layout: ISO/IEC 14496-15, 8.3.3.1.2. */
function bitsOf(item: Item): number {
  const configuration = property(item, 'hvcC');
  if (!configuration) throw new RangeError('A picture without its parameters');
  return 8 + (configuration.readUInt8(17) & 7);
}

/** The profile of its colours, or one that says the same as the codes that it has in place of one. */
function profileOf({ properties }: Item): Buffer | undefined {
  const colours = properties.filter(({ type }) => type === 'colr').map(({ content }) => content);
  const kind = (content: Buffer) => content.toString('latin1', 0, 4);
  const embedded = colours.find((content) => ['prof', 'rICC'].includes(kind(content)));
  if (embedded) return embedded.subarray(4);
  const coded = colours.find((content) => kind(content) === 'nclx');
  const described = coded && coloursOfCodes(coded.readUInt16BE(4), coded.readUInt16BE(6));
  if (!described || (described.curve === 'srgb' && described.primaries === srgbPrimaries)) return undefined;
  return makeProfile({ ...described, grey: false });
}

function property(item: Item | undefined, type: string): Buffer | undefined {
  return item?.properties.find((each) => each.type === type)?.content;
}
