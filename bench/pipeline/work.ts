import { readFile } from 'node:fs/promises';
import type { Batch } from './batch.ts';
import type { Floor } from './floor.ts';
import type { Lab } from './lab.ts';
import { type PeerBatch, runPeer } from './peer.ts';

export const concurrencies = [1, 8] as const;
export type Concurrency = (typeof concurrencies)[number];

/** A batch of each, run one after the other. */
export interface Trio {
  concurrency: Concurrency;
  lab: Batch;
  floor: Batch;
  peer: PeerBatch;
}

/** The lab, the floor and the peer in turn, with the same photos; who begins changes from round to round. */
export async function measureWork(lab: Lab, floor: Floor, photos: string[], rounds: number): Promise<Trio[]> {
  const originals = await Promise.all(photos.map((path) => readFile(path)));
  for (const engine of [lab, floor]) await engine.develop(originals.slice(0, 8), 4);
  const trios: Trio[] = [];
  for (let round = 0; round < rounds; round += 1) {
    for (const concurrency of concurrencies) {
      const trio: Partial<Trio> = {};
      const turns = [
        async () => void (trio.lab = await lab.develop(originals, concurrency)),
        async () => void (trio.floor = await floor.develop(originals, concurrency)),
        async () => void (trio.peer = await runPeer({ photos, concurrency })),
      ];
      for (let turn = 0; turn < turns.length; turn += 1) await turns[(round + turn) % turns.length]!();
      trios.push({ concurrency, ...trio } as Trio);
    }
  }
  return trios;
}
