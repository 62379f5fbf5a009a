import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from './cluster.ts';

const stages = ['ingest', 'grayscale', 'sepia', 'zip', 'notify'];

/** Waits until no stage has a pod. sweep has one for as long as a ping comes each minute. */
export async function allAsleep(cluster: Cluster): Promise<void> {
  for (let waited = 0; waited < 300; waited += 2) {
    const pods = (await Promise.all(stages.map((name) => cluster.pods(name)))).flat();
    if (pods.length === 0) return;
    await sleep(2000);
  }
  throw new Error('The stages did not scale to zero within 300 s');
}
