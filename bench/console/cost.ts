import { type Spread, spread } from '../pipeline/statistics.ts';
import { table } from '../pipeline/table.ts';
import type { Spectator } from './spectator.ts';

/** Processor time since each began, in seconds. */
export interface ProcessorTime {
  runtime: number;
  browser: number;
}

export interface Batch extends ProcessorTime {
  perSecond: number;
}

/** A batch of work with the console open and one with it closed, one right after the other. */
export interface Pair {
  open: Batch;
  closed: Batch;
}

export interface Costs {
  rounds: number;
  spectator: Pick<Spectator, 'look' | 'leave'>;
  processorTime: () => Promise<ProcessorTime>;
  /** How much work a batch is. */
  size: number;
  /** Does it, and resolves with the seconds that it took. */
  work: () => Promise<number>;
}

export async function measureCosts({ rounds, spectator, processorTime, size, work }: Costs): Promise<Pair[]> {
  async function run(state: keyof Pair): Promise<Batch> {
    await (state === 'open' ? spectator.look() : spectator.leave());
    const before = await processorTime();
    const seconds = await work();
    const { runtime, browser } = await processorTime();
    return { perSecond: size / seconds, runtime: runtime - before.runtime, browser: browser - before.browser };
  }
  const pairs: Pair[] = [];
  for (let round = 0; round < rounds; round += 1) {
    // Who begins changes from round to round.
    const early = round % 2 === 1 ? await run('open') : undefined;
    const closed = await run('closed');
    pairs.push({ open: early ?? (await run('open')), closed });
  }
  return pairs;
}

export function reportCosts(name: string, pairs: Pair[], size: number): string[][] {
  const milliseconds = (seconds: number) => (seconds / size) * 1000;
  const figures: [string, (batch: Batch) => number][] = [
    [`${name}s per second`, ({ perSecond }) => perSecond],
    [`CPU ms per ${name}, runtime`, ({ runtime }) => milliseconds(runtime)],
    [`CPU ms per ${name}, browser`, ({ browser }) => milliseconds(browser)],
  ];
  return figures.map(([title, figure]) => {
    const [open, closed] = (['open', 'closed'] as const).map((state) => spread(pairs.map((pair) => figure(pair[state]))));
    return [
      title,
      digits(open!),
      digits(closed!),
      ...ratio(spread(pairs.map((pair) => figure(pair.open) / figure(pair.closed)))),
    ];
  });
}

export const costTable = (rows: string[][]) => table(['', 'open', 'closed', 'open / closed', 'min..max'], rows);

const digits = ({ median }: Spread) => (median >= 100 ? median.toFixed(0) : median.toPrecision(2));

/** Nothing is left of a ratio to almost nothing. */
function ratio({ median, least, most }: Spread): string[] {
  return median < 10 ? [median.toFixed(3), `${least.toFixed(2)}..${most.toFixed(2)}`] : ['', ''];
}
