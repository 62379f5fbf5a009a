import { spread } from '../pipeline/statistics.ts';
import { table } from '../pipeline/table.ts';
import type { Spectator } from './spectator.ts';

/** Work per second with the console open and closed, one right after the other. */
export interface Pair {
  open: number;
  closed: number;
}

/** @param work resolves with what was done per second */
export async function measureCost(
  rounds: number,
  spectator: Pick<Spectator, 'look' | 'leave'>,
  work: () => Promise<number>,
): Promise<Pair[]> {
  const run = async (state: keyof Pair) => {
    await (state === 'open' ? spectator.look() : spectator.leave());
    return work();
  };
  const pairs: Pair[] = [];
  for (let round = 0; round < rounds; round += 1) {
    // Who begins changes from round to round.
    const early = round % 2 === 1 ? await run('open') : undefined;
    const closed = await run('closed');
    pairs.push({ open: early ?? (await run('open')), closed });
  }
  return pairs;
}

export function reportCost(measured: Record<string, Pair[]>): string {
  const rows = Object.entries(measured).map(([name, pairs]) => {
    const ratio = spread(pairs.map(({ open, closed }) => open / closed));
    const median = (state: keyof Pair) => spread(pairs.map((pair) => pair[state])).median.toPrecision(3);
    return [
      name,
      median('open'),
      median('closed'),
      ratio.median.toFixed(3),
      `${ratio.least.toFixed(2)}..${ratio.most.toFixed(2)}`,
    ];
  });
  return table(['', 'open', 'closed', 'open / closed', 'min..max'], rows);
}
