import { execFile } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { condition, type Kubectl, type Resource } from '../../scripts/kubectl.ts';
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
/** A version whose second filter nobody has deployed: its jobs are accepted, and never end. */
const absentFilter = join(repository, 'config/versions/v3.yaml');

interface Service extends Resource {
  metadata: Resource['metadata'] & { annotations?: Record<string, string> };
  spec: { traffic?: { revisionName?: string; percent?: number }[] };
}

/** config/rollout as it is documented: a good version whose pod is killed on the way, and one whose jobs do not end. */
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
  try {
    // From zero, on a full node, sepia takes longer than a job may: that is a finding about the node, not about v2.
    await sleep(awake);
    await cluster.shift('v1=100,v2=0');
    const good = await rollOut('v2', ['--overdue', '2m'], true);
    say(`to v2: ${good.phase}`);
    await cluster.shift('v1=100,v2=0');
    const v2 = await readFile(join(repository, 'config/versions/v2.yaml'), 'utf8');
    await writeFile(absentFilter, v2.replace('ingest-v2', 'ingest-v3').replace('grayscale,sepia', 'grayscale,absent'));
    await cluster.release('v3');
    const bad = await rollOut('v3', ['--overdue', '20s'], false);
    say(`to v3: ${bad.phase}`);
    const faults = [
      good.phase !== 'done' && `v2 ended as ${good.phase}`,
      good.share !== 100 && `v2 has ${good.share} %`,
      good.pods < 2 && 'its pod was not killed',
      bad.phase !== 'rolled-back' && `v3 ended as ${bad.phase}`,
      bad.share !== 0 && `v3 has ${bad.share} %`,
    ].filter((fault) => fault !== false);
    const details = [`${posts} posts`, '', '```text', ...good.lines, '', ...bad.lines, '```'];
    return { seen: `${posts} posts`, faults, details };
  } finally {
    over.abort();
    await visiting;
    await rm(absentFilter, { force: true });
  }

  async function rollOut(to: string, more: string[], isKilled: boolean) {
    const wanted = ['ingest', '--to', to, '--steps', '20,50,100', '--every', '30s', ...more];
    await kubectl.run(['delete', 'job', 'rollout', '--ignore-not-found']);
    await kubectl.run(['apply', '--filename=-'], await manifests(kubectl, settings.NODE_IMAGE, wanted));
    let killed = !isKilled;
    for (let looks = 0; looks < longest && !hasEnded(await kubectl.get('job', 'rollout')); looks += 1) {
      const { shares } = await state();
      if (!killed && shares.get(to) === 20) {
        killed = true;
        say(`at 20 % of ${to}, its pod is killed`);
        await kubectl.run(['delete', 'pod', '--selector', 'app=rollout', '--force', '--grace-period=0']);
      }
      await sleep(1000);
    }
    const { shares, phase } = await state();
    const pods = await kubectl.list('pods', 'app=rollout');
    const lines = (await kubectl.run(['logs', 'job/rollout', '--tail=-1'])).trimEnd().split('\n');
    return { phase, share: shares.get(to) ?? 0, pods: pods.length + (isKilled && killed ? 1 : 0), lines };
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
