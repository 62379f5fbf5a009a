import { type Batch, cpuOf } from '../pipeline/batch.ts';
import type { Lab } from '../pipeline/lab.ts';
import { runPeer } from '../pipeline/peer.ts';
import { percentile, spread } from '../pipeline/statistics.ts';
import { table } from '../pipeline/table.ts';
import { concurrencies, type Concurrency } from '../pipeline/work.ts';

/** A batch with traces, one without, and one of the peer, one after the other. */
export interface Round {
  concurrency: Concurrency;
  off: Batch;
  on: Batch;
  peer: Batch;
}

/** @param paths of the photos, for the peer */
export async function measureRounds(
  { off, on }: { off: Lab; on: Lab },
  photos: readonly Buffer[],
  paths: string[],
  count: number,
): Promise<Round[]> {
  for (const lab of [off, on]) await lab.develop(photos.slice(0, 8), 4);
  const rounds: Round[] = [];
  for (let index = 0; index < count; index += 1) {
    for (const concurrency of concurrencies) {
      const round: Partial<Round> = { concurrency };
      const turns = [
        async () => void (round.off = await off.develop(photos, concurrency)),
        async () => void (round.on = await on.develop(photos, concurrency)),
      ];
      // Who begins changes from round to round.
      for (const turn of index % 2 === 0 ? turns : turns.toReversed()) await turn();
      round.peer = await runPeer({ photos: paths, concurrency });
      rounds.push(round as Round);
    }
  }
  return rounds;
}

const figures: [string, (batch: Batch) => number][] = [
  ['images per second', ({ seconds, milliseconds }) => milliseconds.length / seconds],
  ['p50, ms', ({ milliseconds }) => percentile(milliseconds, 50)],
  ['CPU ms per image', (batch) => (1000 * cpuOf(batch)) / batch.milliseconds.length],
];

export function reportRounds(rounds: readonly Round[]): string {
  const rows = concurrencies.flatMap((concurrency) => {
    const chosen = rounds.filter((round) => round.concurrency === concurrency);
    return figures.map(([name, of]) => {
      const median = (who: 'off' | 'on' | 'peer') => spread(chosen.map((round) => of(round[who]))).median.toPrecision(3);
      const ratio = (one: 'off' | 'on', other: 'off' | 'peer') =>
        spread(chosen.map((round) => of(round[one]) / of(round[other])));
      const { median: middle, least, most } = ratio('on', 'off');
      return [
        `${name}, concurrency ${concurrency}`,
        ...(['off', 'on', 'peer'] as const).map(median),
        middle.toFixed(2),
        `${least.toFixed(2)}..${most.toFixed(2)}`,
        ...(['off', 'on'] as const).map((who) => ratio(who, 'peer').median.toFixed(2)),
      ];
    });
  });
  return table(['', 'off', 'on', 'peer', 'on / off', 'min..max', 'off / peer', 'on / peer'], rows);
}
