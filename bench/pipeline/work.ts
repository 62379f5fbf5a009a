import { readFile } from 'node:fs/promises';
import type { Batch } from './batch.ts';
import type { Lab } from './lab.ts';
import { type PeerBatch, runPeer } from './peer.ts';

export const concurrencies = [1, 8] as const;
export type Concurrency = (typeof concurrencies)[number];

/** One batch of the lab and one of the peer, run one after the other. */
export interface Pair {
  concurrency: Concurrency;
  lab: Batch;
  peer: PeerBatch;
}

/** The lab and its peer in turn, with the same photos; who begins changes from round to round. */
export async function measureWork(lab: Lab, photos: string[], rounds: number): Promise<Pair[]> {
  const originals = await Promise.all(photos.map((path) => readFile(path)));
  await lab.develop(originals.slice(0, 8), 4);
  const pairs: Pair[] = [];
  for (let round = 0; round < rounds; round += 1) {
    for (const concurrency of concurrencies) {
      const assignment = { photos, concurrency };
      const early = round % 2 === 1 ? await runPeer(assignment) : undefined;
      const batch = await lab.develop(originals, concurrency);
      pairs.push({ concurrency, lab: batch, peer: early ?? (await runPeer(assignment)) });
    }
  }
  return pairs;
}
