import { createHash } from 'node:crypto';
import { unzipSync } from 'fflate';
import { photo } from '../../../shared/test/support/lab.ts';
import type { Status } from '../pipeline/darkroom.ts';

export interface Sample {
  name: string;
  bytes: Buffer;
}

/** Photos of several types and sizes, and a large one. */
export async function makeSamples(): Promise<{ small: Sample[]; large: Sample }> {
  const small = [
    { name: 'one.jpg', bytes: await photo('jpeg', { width: 640, height: 480 }) },
    { name: 'two.png', bytes: await photo('png', { width: 320, height: 200 }) },
    { name: 'three.webp', bytes: await photo('webp', { width: 500, height: 300 }) },
  ];
  return { small, large: { name: 'large.jpg', bytes: await photo('jpeg', { width: 5000, height: 4000 }) } };
}

/** The digest of each file of a job by its path in an archive: what is on the page, or in the ZIP. */
export type Digests = Record<string, string>;

const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** Fetches every file of a finished job by its link. */
export async function digestsOf(url: string, { images }: Status): Promise<Digests> {
  const files = images.flatMap(({ name, original, results }) => [
    [`original/${name}`, original.href] as const,
    ...Object.entries(results).map(([filter, { href = 'rejected' }]) => [`${filter}/${name}`, href] as const),
  ]);
  const pairs = files.map(
    async ([path, href]) => [path, href === 'rejected' ? href : digest(await fetchBytes(url + href))] as const,
  );
  return Object.fromEntries(await Promise.all(pairs));
}

/** Opens the archive of a job, and holds its manifest against its files. */
export async function archiveDigestsOf(url: string, { archiveFile }: Status): Promise<Digests> {
  if (!archiveFile) return {};
  const { 'manifest.json': manifest, ...files } = unzipSync(await fetchBytes(url + archiveFile.href));
  const { files: listed } = JSON.parse(Buffer.from(manifest!).toString()) as { files: { path: string; sha256: string }[] };
  const digests = Object.fromEntries(Object.entries(files).map(([path, bytes]) => [path, digest(bytes)]));
  const holds = listed.length === Object.keys(digests).length && listed.every(({ path, sha256 }) => digests[path] === sha256);
  return holds ? digests : { 'manifest.json': 'does not hold' };
}

async function fetchBytes(url: string): Promise<Uint8Array> {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
  return answer.bytes();
}
