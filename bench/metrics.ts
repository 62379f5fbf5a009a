/**
 * node bench/metrics.ts: what is lost of the metrics of pods that live for seconds, when Prometheus scrapes each of them, as on a cluster.
 * Needs prometheus. Each pod is a real process of zip that handles some events and is told to stop, like one that scales to zero.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { filterFinished } from '@darkroom/shared/events';
import { startPrometheus } from '../packages/lab/test/prometheus.ts';
import { grown } from '../packages/monitoring/src/promql.ts';
import { startFunction } from '../packages/shared/test/support/function.ts';
import { openLab } from '../packages/shared/test/support/lab.ts';
import { table } from './pipeline/table.ts';

const interval = 2;
const lives = 20;
const atOnce = 4;
const counter = 'darkroom_stage_duration_seconds_count';

/** @param linger METRICS_LINGER, in seconds */
async function run(linger: number) {
  const lab = await openLab();
  const prometheus = await startPrometheus([], interval);
  const job = await lab.accept({ filters: ['grayscale'], archive: true });
  let events = 0;

  async function live(): Promise<void> {
    const pod = await startFunction('zip', { ...lab.environment, METRICS_LINGER: String(linger) });
    const target = `127.0.0.1:${/metricsPort=(\d+)/.exec(pod.output())![1]}`;
    prometheus.add(target);
    const end = performance.now() + 1000 * (1 + 5 * Math.random());
    while (performance.now() < end) {
      await pod.deliver(filterFinished(job, '1', 'grayscale', 'succeeded'));
      events += 1;
      await sleep(1000 * Math.random());
    }
    await pod.stop();
    prometheus.remove(target);
  }

  const waiting = Array.from({ length: lives }, () => live);
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let next = waiting.pop(); next; next = waiting.pop()) await next();
    }),
  );
  await sleep(1000 * interval);
  const value = async (query: string) => (await prometheus.query(query))[0]?.value ?? 0;
  const found = { usual: await value(`sum(increase(${counter}[10m]))`), ours: await value(grown(counter, '10m', '')) };
  await prometheus.close();
  await lab.close();
  return [String(linger), String(events), found.usual.toFixed(1), String(found.ours)];
}

const rows = [await run(0), await run(interval + 1)];
console.log(`${lives} pods that live for 1 to 6 s, scraped every ${interval} s\n`);
console.log(table(['METRICS_LINGER', 'events handled', 'by increase()', 'by our recordings'], rows));
