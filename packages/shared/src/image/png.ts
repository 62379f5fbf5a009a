import { crc32, deflateSync } from 'node:zlib';
import { type Colours, coloursOfCodes } from './cicp.ts';
import { type Chromaticities, makeProfile, srgbPrimaries } from './icc.ts';

interface Chunk {
  name: string;
  /** Offset of the length, which precedes the name. */
  at: number;
  data: Buffer;
}

/** The chunks before the first that holds pixels. Source: PNG Specification (Third Edition), 5.3: length, name, content, checksum. */
export function* chunksOf(bytes: Buffer): Generator<Chunk> {
  for (let at = 8; at + 8 <= bytes.length;) {
    const length = bytes.readUInt32BE(at);
    const name = bytes.toString('latin1', at + 4, at + 8);
    if (name === 'IDAT' || name === 'IEND') return;
    yield { name, at, data: bytes.subarray(at + 8, at + 8 + length) };
    at += 12 + length;
  }
}

/** How many frames an animated PNG has; 1 without `acTL`. */
export function framesOf(bytes: Buffer): number {
  for (const { name, data } of chunksOf(bytes)) if (name === 'acTL' && data.length >= 8) return Math.max(1, data.readUInt32BE(0));
  return 1;
}

/**
 * Gives a PNG that describes its colours in gAMA, cHRM or cICP chunks a profile that says the same, since libvips reads nothing else.
 * Precedence as in the PNG Specification (Third Edition), 4.3: cICP, iCCP, sRGB, then gAMA and cHRM.
 * @returns the same bytes if there is nothing to add
 */
export function withProfile(bytes: Buffer): Buffer {
  const chunks = new Map<string, Chunk>();
  for (const chunk of chunksOf(bytes)) if (!chunks.has(chunk.name)) chunks.set(chunk.name, chunk);
  const header = chunks.get('IHDR');
  const colours = header && (coloursOfCicp(chunks) ?? coloursOfGamma(chunks));
  if (!header || !colours) return bytes;
  const grey = (header.data[9]! & 2) === 0;
  // Chunks that say otherwise go; palette, transparency and pixels stay as they are.
  const after = header.at + 12 + header.data.length;
  const kept = [bytes.subarray(0, after), iccp(makeProfile({ ...colours, grey }))];
  let from = after;
  for (const { name, at, data } of [...chunks.values()].toSorted((one, other) => one.at - other.at)) {
    if (!['iCCP', 'sRGB', 'gAMA', 'cHRM', 'cICP'].includes(name)) continue;
    kept.push(bytes.subarray(from, at));
    from = at + 12 + data.length;
  }
  return Buffer.concat([...kept, bytes.subarray(from)]);
}

/** Browsers treat gAMA within 5 % of 1/2.2 as sRGB, as the specification allows (13.13). */
function coloursOfGamma(chunks: ReadonlyMap<string, Chunk>): Colours | undefined {
  if (chunks.has('iCCP') || chunks.has('sRGB')) return undefined;
  const stored = read(chunks.get('gAMA'), 1)?.[0];
  const gamma = stored !== undefined && stored >= 0.01 && stored <= 10 ? stored : undefined;
  const points = read(chunks.get('cHRM'), 8);
  const primaries = points && isPlausible(points) ? pointsOf(points) : srgbPrimaries;
  const usual = gamma === undefined || Math.abs(gamma * 2.2 - 1) <= 0.05;
  if (usual && isSrgb(primaries)) return undefined;
  return { curve: usual ? 'srgb' : { gamma: 1 / gamma }, primaries };
}

function coloursOfCicp(chunks: ReadonlyMap<string, Chunk>): Colours | undefined {
  const data = chunks.get('cICP')?.data;
  // The last two: no matrix, and full range.
  if (data?.[2] !== 0 || data[3] !== 1) return undefined;
  return coloursOfCodes(data[0]!, data[1]!);
}

/** Fixed-point numbers, in 100,000ths. */
function read(chunk: Chunk | undefined, count: number): number[] | undefined {
  if (!chunk || chunk.data.length < count * 4) return undefined;
  return Array.from({ length: count }, (_, index) => chunk.data.readUInt32BE(index * 4) / 100_000);
}

/** Whether this can be real light: points within the diagram, and primaries that span a triangle. */
function isPlausible(points: number[]): boolean {
  const [, , rx, ry, gx, gy, bx, by] = points as [number, number, number, number, number, number, number, number];
  const area = Math.abs((gx - rx) * (by - ry) - (bx - rx) * (gy - ry));
  return points.every((value) => value <= 1) && points[1]! > 0.1 && ry > 0 && gy > 0 && by > 0 && area > 0.01;
}

function pointsOf([wx, wy, rx, ry, gx, gy, bx, by]: number[]): Chromaticities {
  return { white: [wx!, wy!], red: [rx!, ry!], green: [gx!, gy!], blue: [bx!, by!] };
}

function isSrgb(points: Chromaticities): boolean {
  return (['white', 'red', 'green', 'blue'] as const).every((part) =>
    points[part].every((value, index) => Math.abs(value - srgbPrimaries[part][index]!) < 0.002),
  );
}

function iccp(profile: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from('iCCPDarkroom\0\0', 'latin1'), deflateSync(profile)]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(body.length - 4);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}
