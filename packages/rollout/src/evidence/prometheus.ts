import { grown } from '@darkroom/monitoring/promql';
import * as v from 'valibot';
import { counters, type Growths, growthsIn, type Sample } from './growth.ts';
import type { Witness } from './witness.ts';

const vector = v.object({
  status: v.literal('success'),
  data: v.object({
    result: v.array(v.object({ metric: v.record(v.string(), v.string()), value: v.tuple([v.number(), v.string()]) })),
  }),
});

/**
 * Seconds. A value has the time at which its scrape began, and is there once that has ended, within ten seconds unless Prometheus is told
 * otherwise. What was asked for earlier would be missed.
 */
const longestScrape = 15;

/**
 * Asks Prometheus, by its own clock, for what each counter has grown by since the last question: so nothing is missed or counted twice, and
 * pods may come and go.
 * @param url http://prometheus:9090
 * @param namespace the only one that counts; if absent, all do
 */
export function prometheus(url: string, namespace?: string): Witness {
  async function ask(query: string, time?: number): Promise<v.InferOutput<typeof vector>['data']['result']> {
    const body = new URLSearchParams({ query, ...(time !== undefined && { time: String(time) }) });
    const answer = await fetch(`${url.replace(/\/$/, '')}/api/v1/query`, { method: 'POST', body });
    const text = await answer.text();
    const result = v.safeParse(vector, answer.ok ? JSON.parse(text) : undefined);
    if (!result.success) throw new Error(`Prometheus at ${url} answered ${answer.status}: ${text.slice(0, 200)}`);
    return result.output.data.result;
  }

  async function growthsBetween(from: number, until: number): Promise<Growths> {
    const samples = await Promise.all(
      Object.entries(counters).map(async ([metric, labels]): Promise<Sample[]> => {
        const series = namespace === undefined ? metric : `${metric}{namespace=${JSON.stringify(namespace)}}`;
        const found = await ask(grown(series, `${until - from}s`, labels.join(', ')), until);
        return found.map(({ metric: own, value }) => ({ metric, labels: own, value: Number(value[1]) }));
      }),
    );
    return growthsIn(samples.flat());
  }

  return {
    async testify(from) {
      const [now] = await ask('vector(time())');
      const time = Math.floor(Number(now?.value[1]));
      if (!from || !('time' in from)) return { growths: {}, mark: { time } };
      const until = time - longestScrape;
      if (until <= from.time) return { growths: {}, mark: from };
      return { growths: await growthsBetween(from.time, until), mark: { time: until } };
    },
  };
}
