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

/** Photos until V8 has compiled what is called often: in a dozen programs of one step each, that takes longer than in one of all steps. */
const warmUp = 200;

/** A first batch, eight photos at a time, of a lab and a floor that have done nothing yet. */
export type First = Record<'lab' | 'floor', Batch>;

/** The lab, the floor and the peer in turn, with the same photos; who begins changes from round to round. */
export async function measureWork(
  lab: Lab,
  floor: Floor,
  photos: string[],
  rounds: number,
): Promise<{ first: First; trios: Trio[] }> {
  const originals = await Promise.all(photos.map((path) => readFile(path)));
  const first = { lab: await lab.develop(originals, 8), floor: await floor.develop(originals, 8) };
  for (const engine of [lab, floor])
    for (let done = originals.length; done < warmUp; done += originals.length) await engine.develop(originals, 8);
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
  return { first, trios };
}
