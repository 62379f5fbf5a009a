import { counters, type Growths, growthsIn, noGrowth, type Sample, since } from './growth.ts';
import type { Mark, Witness } from './witness.ts';

const line = /^(\w+)\{(.*)\} (\S+)$/gm;
const label = /(\w+)="((?:[^"\\]|\\.)*)"/g;

/** Reads one address at which everything is added up, such as that of `npm start`. @param find where it is now */
export function metricsText(find: () => Promise<string>): Witness {
  return {
    async testify(from, revisions) {
      const url = await find();
      const answer = await fetch(url);
      if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
      const found = growthsIn(samplesIn(await answer.text()));
      const totals = Object.fromEntries(revisions.map((revision) => [revision, found[revision] ?? noGrowth]));
      const before = from && 'totals' in from ? from.totals : totals;
      const mark: Mark = { totals };
      return { growths: grown(before, totals), mark };
    },
  };
}

function grown(before: Growths, totals: Growths): Growths {
  return Object.fromEntries(
    Object.entries(totals).map(([revision, total]) => [revision, since(before[revision] ?? noGrowth, total)]),
  );
}

/** Of Prometheus' text format, the lines that count. */
function* samplesIn(text: string): Generator<Sample> {
  for (const [, metric = '', labels = '', value] of text.matchAll(line))
    if (Object.hasOwn(counters, metric))
      yield {
        metric,
        labels: Object.fromEntries([...labels.matchAll(label)].map(([, name, content]) => [name, content])),
        value: Number(value),
      };
}
