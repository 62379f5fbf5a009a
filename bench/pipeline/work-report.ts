import { cpuOf } from './batch.ts';
import { percentile, spread } from './statistics.ts';
import { table } from './table.ts';
import { concurrencies, type Concurrency, type Pair } from './work.ts';

interface Figure {
  name: string;
  lab: (pair: Pair) => number;
  peer: (pair: Pair) => number;
}

const inbox = 'inbox';

/** Speed and processor time of the lab beside its peer's. */
export function reportWork(pairs: readonly Pair[]): string {
  const rows = concurrencies.flatMap((concurrency) => {
    const chosen = pairs.filter((pair) => pair.concurrency === concurrency);
    return figures.map((figure) => [`${figure.name}, concurrency ${concurrency}`, ...compare(figure, chosen)]);
  });
  return table(['', 'lab', 'peer', 'lab / peer', 'min..max'], rows);
}

/** Which process the processor time goes to. */
export function reportProcessorTime(pairs: readonly Pair[]): string {
  const names = [...new Set(pairs.flatMap(({ lab }) => [...lab.cpuSeconds.keys()]))];
  const rows = names.map((name) => [
    name,
    ...concurrencies.flatMap((concurrency) => {
      const own = spread(ofProcess(pairs, concurrency, name));
      return [own.median.toFixed(0), `${own.least.toFixed(0)}..${own.most.toFixed(0)}`];
    }),
  ]);
  return table(['CPU ms per image', ...concurrencies.flatMap((concurrency) => [`concurrency ${concurrency}`, 'min..max'])], rows);
}

const figures: Figure[] = [
  { name: 'images per second', lab: ({ lab }) => perSecond(lab), peer: ({ peer }) => perSecond(peer) },
  { name: 'p50, ms', lab: ({ lab }) => percentile(lab.milliseconds, 50), peer: ({ peer }) => percentile(peer.milliseconds, 50) },
  { name: 'p95, ms', lab: ({ lab }) => percentile(lab.milliseconds, 95), peer: ({ peer }) => percentile(peer.milliseconds, 95) },
  { name: 'CPU s per image', lab: ({ lab }) => cpuOf(lab) / lab.milliseconds.length, peer: peerCpu },
  {
    name: 'CPU s per image, no inbox',
    lab: ({ lab }) => (cpuOf(lab) - (lab.cpuSeconds.get(inbox) ?? 0)) / lab.milliseconds.length,
    peer: peerCpu,
  },
];

function compare({ lab, peer }: Figure, pairs: readonly Pair[]): string[] {
  const ratio = spread(pairs.map((pair) => lab(pair) / peer(pair)));
  const median = (measure: (pair: Pair) => number) => threeDigits(spread(pairs.map(measure)).median);
  return [median(lab), median(peer), ratio.median.toFixed(2), `${ratio.least.toFixed(2)}..${ratio.most.toFixed(2)}`];
}

/** Three digits, as far as they say anything. */
function threeDigits(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

function ofProcess(pairs: readonly Pair[], concurrency: Concurrency, name: string): number[] {
  return pairs
    .filter((pair) => pair.concurrency === concurrency)
    .map(({ lab }) => ((lab.cpuSeconds.get(name) ?? 0) / lab.milliseconds.length) * 1000);
}

function perSecond({ seconds, milliseconds }: { seconds: number; milliseconds: number[] }): number {
  return milliseconds.length / seconds;
}

function peerCpu({ peer }: Pair): number {
  return peer.cpuSeconds / peer.milliseconds.length;
}
