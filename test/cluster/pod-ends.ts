import { setTimeout as sleep } from 'node:timers/promises';
import { grown } from '../../packages/monitoring/src/promql.ts';
import { allAsleep } from './asleep.ts';
import type { Cluster } from './cluster.ts';
import { settle } from './people.ts';
import type { Prometheus } from './prometheus.ts';
import type { Bench, Verdict } from './row.ts';
import { postToAll } from './troubles.ts';

/** How pods come to their end once their jobs have. */
const ends: { how: string; linger: string; rounds: number; end(cluster: Cluster): Promise<unknown> }[] = [
  { how: 'killed at once', linger: '12', rounds: 2, end: (cluster) => deletePods(cluster, '--force', '--grace-period=0') },
  ...['0', '12'].flatMap((linger) => [
    { how: 'scaled to zero', linger, rounds: 1, end: async () => undefined },
    { how: 'deleted at once', linger, rounds: 2, end: (cluster: Cluster) => deletePods(cluster) },
  ]),
];

const posts = 16;
/** What a job of either version counts: accepted, prints, archive, mail, end. */
const perJob = { v1: 1 + 1 + 0 + 1 + 1, v2: 1 + 2 + 1 + 1 + 1 };
const counters =
  '{__name__=~"darkroom_(jobs_accepted|prints_made|jobs_ended)_total|darkroom_archives_total|darkroom_mails_total"}';

/** How much of what pods count that live for a minute gets lost with them. */
export async function measurePodEnds(bench: Bench, prometheus: Prometheus): Promise<Verdict> {
  const { cluster, site, inbox, say } = bench;
  const details = [
    '| pods are | METRICS_LINGER | counted by pods | by increase() | by our recordings |',
    '| --- | ---: | ---: | ---: | ---: |',
  ];
  const faults: string[] = [];
  for (const { how, linger, rounds, end } of ends) {
    say(`pods are ${how}, METRICS_LINGER=${linger}`);
    await cluster.kubectl.run([
      'patch',
      'configmap',
      'darkroom',
      '--patch',
      JSON.stringify({ data: { METRICS_LINGER: linger } }),
    ]);
    await allAsleep(cluster);
    const since = Date.now();
    for (let round = 0; round < rounds; round += 1) {
      const books = await settle(site, inbox, await postToAll(bench, posts));
      if (books.completed < 2 * posts) faults.push(`only ${books.completed} of ${2 * posts} jobs were completed`);
      await end(cluster);
      await allAsleep(cluster);
    }
    // So that whatever was read has been stored.
    await sleep(15_000);
    const window = `${Math.round((Date.now() - since) / 1000)}s`;
    const usual = await prometheus.sum(`increase(${counters}[${window}])`);
    const ours = await prometheus.sum(grown(counters, window, 'service'));
    const all = rounds * posts * (perJob.v1 + perJob.v2);
    const row = `| ${how} | ${linger} | ${all} | ${usual.toFixed(1)} | ${ours} |`;
    details.push(row);
    say(row);
    if (!how.startsWith('killed') && ours < all)
      faults.push(`${all - ours} of ${all} are lost when pods are ${how}, with METRICS_LINGER=${linger}`);
  }
  return { seen: details.at(-1)!, faults, details };
}

function deletePods({ kubectl }: Cluster, ...how: string[]): Promise<string> {
  const stages = 'serving.knative.dev/service in (ingest, grayscale, sepia, zip, notify)';
  return kubectl.run(['delete', 'pods', '--selector', stages, '--wait=false', ...how]);
}
