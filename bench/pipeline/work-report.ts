import { type Batch, cpuOf } from './batch.ts';
import { percentile, spread } from './statistics.ts';
import { table } from './table.ts';
import { concurrencies, type Concurrency, type First, type Trio } from './work.ts';

interface Figure {
  name: string;
  of: (batch: Batch) => number;
}

/** Speed and processor time of the lab beside those of the floor, and of the peer. */
export function reportWork(trios: readonly Trio[]): string {
  const rows = concurrencies.flatMap((concurrency) => {
    const chosen = trios.filter((trio) => trio.concurrency === concurrency);
    return figures.map((figure) => [`${figure.name}, concurrency ${concurrency}`, ...compare(figure, chosen)]);
  });
  return table(['', 'lab', 'floor', 'lab / floor', 'min..max', 'peer', 'lab / peer', 'min..max'], rows);
}

/** What the first photos after a start take. */
export function reportFirst({ lab, floor }: First): string {
  const rows = figures.map(({ name, of }) => [
    name,
    threeDigits(of(lab)),
    threeDigits(of(floor)),
    (of(lab) / of(floor)).toFixed(2),
  ]);
  return table([`first ${lab.milliseconds.length} after the start, concurrency 8`, 'lab', 'floor', 'lab / floor'], rows);
}

/** Which process the processor time goes to. */
export function reportProcessorTime(trios: readonly Trio[]): string {
  const names = [...new Set(trios.flatMap(({ lab }) => [...lab.cpuSeconds.keys()]))];
  const rows = names.map((name) => [
    name,
    ...concurrencies.flatMap((concurrency) => {
      const own = spread(ofProcess(trios, concurrency, name));
      return [own.median.toFixed(0), `${own.least.toFixed(0)}..${own.most.toFixed(0)}`];
    }),
  ]);
  return table(['CPU ms per image', ...concurrencies.flatMap((concurrency) => [`concurrency ${concurrency}`, 'min..max'])], rows);
}

const figures: Figure[] = [
  { name: 'images per second', of: ({ seconds, milliseconds }) => milliseconds.length / seconds },
  { name: 'p50, ms', of: ({ milliseconds }) => percentile(milliseconds, 50) },
  { name: 'p95, ms', of: ({ milliseconds }) => percentile(milliseconds, 95) },
  { name: 'CPU s per image', of: (batch) => cpuOf(batch) / batch.milliseconds.length },
];

function compare({ of }: Figure, trios: readonly Trio[]): string[] {
  const median = (who: 'lab' | 'floor' | 'peer') => threeDigits(spread(trios.map((trio) => of(trio[who]))).median);
  const ratio = (other: 'floor' | 'peer') => {
    const { median: middle, least, most } = spread(trios.map((trio) => of(trio.lab) / of(trio[other])));
    return [middle.toFixed(2), `${least.toFixed(2)}..${most.toFixed(2)}`];
  };
  return [median('lab'), median('floor'), ...ratio('floor'), median('peer'), ...ratio('peer')];
}

/** Three digits, as far as they say anything. */
function threeDigits(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

function ofProcess(trios: readonly Trio[], concurrency: Concurrency, name: string): number[] {
  return trios
    .filter((trio) => trio.concurrency === concurrency)
    .map(({ lab }) => ((lab.cpuSeconds.get(name) ?? 0) / lab.milliseconds.length) * 1000);
}
