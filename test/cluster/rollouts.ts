import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { condition, type Kubectl, type Resource } from '../../scripts/kubectl.ts';
import { badVersions } from './bad-versions.ts';
import { post } from './people.ts';
import { repository } from './repository.ts';
import type { Bench, Verdict } from './row.ts';

const run = promisify(execFile);
/** People who post again as soon as their last post was answered. */
const people = 3;
/** Looks at a rollout, one each second: half an hour. */
const longest = 1800;
/** Milliseconds until every stage has a pod. */
const awake = 90_000;

interface Service extends Resource {
  metadata: Resource['metadata'] & { annotations?: Record<string, string> };
  spec: { traffic?: { revisionName?: string; percent?: number }[] };
}

/** config/rollout as it is documented: a good version, during whose rollout a pod is killed, and versions of which it is known what is wrong. */
export async function verifyRollouts(bench: Bench): Promise<Verdict> {
  const { cluster, site, settings, say } = bench;
  const { kubectl } = cluster;
  await run(process.execPath, [join(repository, 'scripts/rollout-job.ts')]);
  const over = new AbortController();
  let posts = 0;
  const visit = async () => {
    for (; !over.signal.aborted; posts += 1) await post(site, { posts: 1, atOnce: 1 });
  };
  await cluster.shift('v1=50,v2=50');
  const visiting = Promise.all(Array.from({ length: people }, visit));
  const details: string[] = [];
  const faults: string[] = [];
  try {
    // From zero, on a full node, sepia takes longer than a job may: that is a finding about the node, not about v2.
    await sleep(awake);
    const good = await rollOut('v2', '2m', async () => {
      say('at 20 % of v2, the pod of the rollout is killed');
      await kubectl.run(['delete', 'pod', '--selector', 'app=rollout', '--force', '--grace-period=0']);
    });
    if (good.phase !== 'done' || good.share !== 100) faults.push(`v2 ended as ${good.phase} with ${good.share} %`);
    await using versions = await badVersions(bench);
    for (const { tag, what, overdue, prepare, spoil } of versions.list) {
      say(`${tag}: ${what}`);
      await prepare();
      const bad = await rollOut(tag, overdue, spoil);
      if (bad.phase !== 'rolled-back' || bad.share !== 0) faults.push(`${tag}, ${what}: ${bad.phase}, with ${bad.share} %`);
    }
  } finally {
    over.abort();
    await visiting;
  }
  return { seen: `${posts} posts`, faults, details: [`${posts} posts`, ...details] };

  /** @param meanwhile what happens once the version has a fifth of the traffic */
  async function rollOut(to: string, overdue: string, meanwhile?: () => Promise<void>) {
    await cluster.shift('v1=100');
    const wanted = ['ingest', '--to', to, '--steps', '20,50,100', '--every', '30s', '--overdue', overdue];
    await kubectl.run(['delete', 'job', 'rollout', '--ignore-not-found']);
    await kubectl.run(['apply', '--filename=-'], await manifests(kubectl, settings.NODE_IMAGE, wanted));
    let pending = meanwhile;
    for (let looks = 0; looks < longest && !hasEnded(await kubectl.get('job', 'rollout')); looks += 1) {
      if ((await state()).shares.get(to) === 20) {
        await pending?.();
        pending = undefined;
      }
      await sleep(1000);
    }
    const { shares, phase } = await state();
    const lines = (await kubectl.run(['logs', 'job/rollout', '--tail=-1'])).trimEnd();
    details.push('', `${to}: ${phase}`, '', '```text', lines, '```');
    say(`to ${to}: ${phase}`);
    return { phase, share: shares.get(to) ?? 0 };
  }

  async function state() {
    const { metadata, spec } = (await kubectl.get<Service>('ksvc', 'ingest'))!;
    const versionOf = (revision = '') => /^ingest-(v\d+)-/.exec(revision)?.[1] ?? revision;
    const shares = new Map(spec.traffic?.map(({ revisionName, percent = 0 }) => [versionOf(revisionName), percent]));
    return { shares, phase: metadata.annotations?.['rollout.darkroom.dev/phase'] ?? 'unknown' };
  }
}

const hasEnded = (job: Resource | undefined) => ['Complete', 'Failed'].some((type) => condition(job, type)?.status === 'True');

/** config/rollout for this namespace, with the Prometheus that stands in it. */
async function manifests({ namespace, run: kubectl }: Kubectl, image: string, args: string[]): Promise<string> {
  const text = await kubectl(['kustomize', join(repository, 'config/rollout')]);
  const changes: [RegExp, string][] = [
    [/namespace: darkroom$/gm, `namespace: ${namespace}`],
    [/image: node:.*/, `image: ${image}`],
    [/value: http:\/\/prometheus-operated.*/, 'value: http://prometheus:9090'],
    [/( +)- args:\n(?: +- .*\n)+/, `$1- args: ${JSON.stringify(args)}\n`],
  ];
  return changes.reduce((changed, [from, to]) => {
    if (!from.test(changed)) throw new Error(`config/rollout has nothing like ${from}`);
    from.lastIndex = 0;
    return changed.replace(from, to);
  }, text);
}
