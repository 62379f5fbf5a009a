import { type Asked, asked, watched } from '../../packages/monitoring/src/asked.ts';
import { grown } from '../../packages/monitoring/src/promql.ts';
import { settle, type Post } from './people.ts';
import type { Prometheus } from './prometheus.ts';
import type { Bench, Verdict } from './row.ts';
import { postToAll, troubles } from './troubles.ts';

const jobs = 300;
/** Seconds that a mail may take whose server did not let us sign in. */
const longest = 900;

/** Whether each query of each board and alert has data, after jobs with which something of everything went wrong. */
export async function verifyBoards(bench: Bench, prometheus: Prometheus): Promise<Verdict> {
  const { site, inbox, say } = bench;
  // A quarter of an hour ago, there was nothing to alert on: one alert is about that.
  const since = Date.now() - 15 * 60_000;
  const posts: Post[] = await postToAll(bench, 50);
  for (const { what, provoke } of troubles) {
    say(what);
    posts.push(...(await provoke(bench)));
  }
  const accepted = () => posts.filter(({ status }) => status === 202).length;
  say(`all is well again; so far, ${accepted()} of ${posts.length} posts were accepted`);
  while (accepted() < jobs) posts.push(...(await postToAll(bench, Math.ceil((jobs - accepted()) / 2))));
  const books = await settle(site, inbox, posts, longest);
  say(`${accepted()} jobs accepted, ${books.completed} completed, ${books.open} open`);

  const details = ['| asked by | series |', '| --- | ---: |'];
  const faults = books.open > 0 ? [`${books.open} jobs still open`] : [];
  const here = (query: Asked) => query.only !== 'local';
  for (const { by, expr } of [...asked({ range: '1h', rateInterval: '1m' }), ...watched].filter(here)) {
    const series = (await prometheus.draw(expr, since)).filter(({ values }) => values.some(([, value]) => value !== 'NaN'));
    details.push(`| ${by} | ${series.length} |`);
    if (series.length === 0) faults.push(`${by} has no data`);
  }
  const fired = await prometheus.draw('ALERTS{alertstate="firing"}', since);
  const names = [...new Set(fired.map(({ metric }) => metric['alertname']))].sort();
  const counted = async (counter: string) => Math.round(await prometheus.sum(grown(counter, '1h', '')));
  const [acceptances, ends] = [await counted('darkroom_jobs_accepted_total'), await counted('darkroom_jobs_ended_total')];
  const count = (selector: string) => prometheus.sum(`count(last_over_time({${selector}}[1h]))`);
  details.push(
    '',
    `Alerts that fired: ${names.join(', ')}.`,
    `Counted: ${acceptances} jobs accepted of ${accepted()}, ${ends} ended.`,
    `Series within an hour: ${await count('__name__=~"darkroom_.+"')} of Darkroom, ${await count('__name__=~".+"')} in all, from ${await count('__name__="darkroom_start_duration_seconds_count"')} pods of functions.`,
  );
  return { seen: `${details.length} lines`, faults, details };
}
