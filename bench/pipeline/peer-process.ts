import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { zipSync } from 'fflate';
import sharp from 'sharp';
import { inLanes } from './lanes.ts';
import type { Assignment, PeerBatch } from './peer.ts';
import { quality } from './photo.ts';
import { memoryOf } from './processes.ts';

/** sepia(1) of W3C Filter Effects. */
const sepia: [[number, number, number], [number, number, number], [number, number, number]] = [
  [0.393, 0.769, 0.189],
  [0.349, 0.686, 0.168],
  [0.272, 0.534, 0.131],
];

const [{ photos, concurrency }] = (await once(process, 'message')) as [Assignment];
const originals = await Promise.all(photos.map((path) => readFile(path)));
// The lab is warm as well: libraries are loaded, and the compiler has seen the code.
await inLanes(originals.slice(0, 4), concurrency, develop);

const cpuBefore = process.cpuUsage();
const begun = performance.now();
const milliseconds = await inLanes(originals, concurrency, develop);
const seconds = (performance.now() - begun) / 1000;
const { user, system } = process.cpuUsage(cpuBefore);
const cpuSeconds = new Map([['peer', (user + system) / 1e6]]);
process.send!({ seconds, milliseconds, cpuSeconds, peak: memoryOf('self').peak } satisfies PeerBatch);

/** Makes both prints at once, as the lab does, each with its own decoding; then the archive, with its digests. */
async function develop(original: Buffer): Promise<number> {
  const start = performance.now();
  const [grey, brown] = await Promise.all([
    sharp(original).autoOrient().greyscale().jpeg({ quality }).toBuffer(),
    sharp(original).autoOrient().recomb(sepia).jpeg({ quality }).toBuffer(),
  ]);
  const members = { 'original/photo.jpg': original, 'grayscale/photo.jpg': grey, 'sepia/photo.jpg': brown };
  const digests = Object.entries(members).map(([path, bytes]) => ({
    path,
    sha256: createHash('sha256').update(bytes).digest('hex'),
  }));
  zipSync({ ...members, 'manifest.json': Buffer.from(JSON.stringify(digests)) }, { level: 0 });
  return performance.now() - start;
}
