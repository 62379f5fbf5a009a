/**
 * npm run cluster:monitor              monitoring on the cluster that KUBECONFIG names: Prometheus, 300 jobs of which some go wrong, each query
 * npm run cluster:monitor -- boards    only that; `rollouts`: only config/rollout; `pod-ends`: only what gets lost with pods
 *
 * Runs in a separate namespace, which is removed at the end (--keep leaves it). Exits non-zero if something fell short.
 */
import { randomBytes } from 'node:crypto';
import { explain } from '@darkroom/shared/errors';
import { verifyBoards } from './boards.ts';
import { openCluster } from './cluster.ts';
import { openSite } from './http.ts';
import { openInbox } from './inbox.ts';
import { measurePodEnds } from './pod-ends.ts';
import { deployPrometheus, type Prometheus } from './prometheus.ts';
import { verifyRollouts } from './rollouts.ts';
import type { Bench, Verdict } from './row.ts';
import { readSettings } from './settings.ts';

const parts: Record<string, (bench: Bench, prometheus: Prometheus) => Promise<Verdict>> = {
  boards: verifyBoards,
  rollouts: verifyRollouts,
  'pod-ends': measurePodEnds,
};

const settings = readSettings(process.argv.slice(2));
const namespace = `darkroom-monitor-${randomBytes(3).toString('hex')}`;
const cluster = await openCluster(namespace, settings);
const say = (line: string) => console.log(`${new Date().toTimeString().slice(0, 8)} ${line}`);
let prometheus: Prometheus | undefined;
try {
  await cluster.kubectl.run(['create', 'namespace', namespace]);
  say(`deploys to ${namespace}`);
  await cluster.deploy();
  prometheus = await deployPrometheus(cluster.kubectl, settings.PROMETHEUS_IMAGE);
  const site = openSite(await cluster.addressOf('ingest'), settings.GATEWAY_URL);
  const bench = { cluster, site, inbox: await openInbox(cluster.kubectl), settings, say };
  for (const [name, verify] of Object.entries(parts)) {
    if (settings.rows.length > 0 && !settings.rows.includes(name)) continue;
    const { faults, details = [] } = await verify(bench, prometheus);
    console.log(['', ...details, ''].join('\n'));
    for (const fault of faults) say(`FELL SHORT: ${fault}`);
    if (faults.length > 0) process.exitCode = 1;
  }
} catch (error) {
  console.error(explain(error));
  process.exitCode = 1;
} finally {
  prometheus?.close();
  if (settings.keep) say(`${namespace} is left as it is`);
  else {
    await prometheus?.remove();
    await cluster.remove();
  }
}
