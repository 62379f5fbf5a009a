/**
 * npm run rollout:trial [-- --only good,flaky] [--twins 50] [--people 8]
 *
 * Rolls out versions of which it is known what is wrong with them, on a whole lab with real photos and mails, and two equal ones as
 * often as --twins says. Each job is real; steps are short, since jobs are what counts.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { openDarkroom } from '../packages/lab/test/pipeline/darkroom.ts';
import { kubernetesApi } from '../packages/rollout/src/kubernetes/api.ts';
import { readCredentials } from '../packages/rollout/src/kubernetes/credentials.ts';
import { services } from '../packages/rollout/src/kubernetes/service.ts';
import { startRollout } from './rollout/command.ts';
import { openMailFilter } from './rollout/mail-filter.ts';
import { type Functions, type Version, writeFunctions, writeVersions } from './rollout/versions.ts';
import { openVisitors } from './rollout/visitors.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: 'good,flaky,slow,mute,crashing,killed' },
    twins: { type: 'string', default: '50' },
    people: { type: 'string', default: '8' },
  },
});
const chosen = values.only.split(',').filter(Boolean);

/** What a process of the version “crashing” reads when it starts: it falls over as soon as there is a file beside it. */
const stumble = `if (require('node:fs').existsSync(__filename + '.now')) throw new Error('libvips.so.42: cannot open shared object file');\n`;

let functions: Functions | undefined;
let stumblingBlock = '';
let slowness = '';
const environment: Record<string, string> = {};
const mails = await openMailFilter(/: sepia$/m);
const darkroom = await openDarkroom(environment, {
  async prepare(folder) {
    const config = join(folder, 'config');
    slowness = join(folder, 'slowness');
    await writeFile(slowness, '0');
    functions = await writeFunctions(config, `Number(readFileSync(${JSON.stringify(slowness)}, 'utf8'))`);
    Object.assign(environment, { SMTP_URL: mails.url, FUNCTIONS_DIR: functions.folder });
    stumblingBlock = join(folder, 'stumble.cjs');
    await writeFile(stumblingBlock, stumble);
    const versions: Record<string, Version> = {
      v1: { filters: 'grayscale' },
      twin: { filters: 'grayscale' },
      good: { filters: 'grayscale,sepia', archive: true },
      flaky: { filters: 'grayscale,flaky' },
      slow: { filters: 'grayscale,slow' },
      mute: { filters: 'sepia' },
      crashing: { filters: 'grayscale', environment: { NODE_OPTIONS: `--require=${stumblingBlock}` } },
    };
    await writeVersions(config, versions);
  },
});
const data = join(darkroom.folder, 'data');
const all = services(
  kubernetesApi(() => readCredentials(join(data, 'kubeconfig'))),
  'darkroom',
);
const usual = ['--steps', '5,20,50,100', '--every', '12s', '--overdue', '15s'];

/** All traffic to v1, tags as they are. */
async function reset(): Promise<void> {
  const service = await all.read('ingest');
  const traffic = service.spec.traffic.map((target) => ({ ...target, percent: target.tag === 'v1' ? 100 : 0 }));
  await all.change(service, { traffic, annotations: {} });
}

async function trial(tag: string, words = usual, meanwhile?: (output: () => string) => Promise<void>): Promise<number | null> {
  await reset();
  const rollout = startRollout(data, ['ingest', '--to', tag, ...words]);
  await meanwhile?.(rollout.output);
  const code = await rollout.ended;
  console.log(`\n## ${tag}: exit code ${code}\n\n${rollout.output()}`);
  return code;
}

/** Half of the jobs of a revision took no longer, in seconds. */
async function medianOf(revision: string): Promise<number> {
  const text = await (await fetch(darkroom.metricsUrl)).text();
  const counts = new Map<number, number>();
  for (const [, labels = '', value] of text.matchAll(/^darkroom_job_duration_seconds_bucket\{(.*)\} (\S+)$/gm)) {
    if (!labels.includes(`revision="${revision}"`)) continue;
    const bound = Number(/le="([^"]+)"/.exec(labels)?.[1]?.replace('+Inf', 'Infinity'));
    counts.set(bound, (counts.get(bound) ?? 0) + Number(value));
  }
  const bounds = [...counts].sort(([one], [other]) => one - other);
  const total = bounds.at(-1)?.[1] ?? 0;
  return bounds.find(([, count]) => count >= total / 2)?.[0] ?? Number.NaN;
}

/** The process of a revision, as `kubectl get pods` shows it. */
async function killRevision(revision: string): Promise<void> {
  const api = kubernetesApi(() => readCredentials(join(data, 'kubeconfig')));
  const { items } = (await api.get('/api/v1/namespaces/darkroom/pods')) as {
    items: { metadata: { name: string; annotations: Record<string, string> } }[];
  };
  for (const { metadata } of items)
    if (metadata.name.startsWith(revision)) process.kill(Number(metadata.annotations['knative-local/process']), 'SIGKILL');
}

const seen = async (output: () => string, words: RegExp) => {
  while (!words.test(output())) await sleep(100);
};

const visitors = await openVisitors(darkroom.url, mails, Number(values.people));
try {
  while (visitors.accepted() < 60) await sleep(100);
  const median = await medianOf('ingest-v1');
  console.log(`${values.people} people at a time; half of v1's jobs take ${median} s at most`);
  if (chosen.includes('good')) {
    await trial('good');
    console.log(`Half of good's jobs took ${await medianOf('ingest-good')} s at most, of v1's ${await medianOf('ingest-v1')} s`);
  }
  if (chosen.includes('flaky')) await trial('flaky');
  if (chosen.includes('slow')) {
    // A filter that waits for as long as a whole job takes makes that twice as long.
    await writeFile(slowness, String(1000 * (await medianOf('ingest-v1'))));
    await trial('slow');
    console.log(`Half of slow's jobs took ${await medianOf('ingest-slow')} s at most, of v1's ${await medianOf('ingest-v1')} s`);
  }
  if (chosen.includes('mute')) await trial('mute');
  if (chosen.includes('killed')) {
    await reset();
    const first = startRollout(data, ['ingest', '--to', 'good', ...usual]);
    await seen(first.output, /5 % to 20 %/);
    const second = startRollout(data, ['ingest', '--to', 'good', ...usual]);
    await second.ended;
    first.kill('SIGKILL');
    await first.ended;
    const third = startRollout(data, ['ingest', '--to', 'good', ...usual]);
    await third.ended;
    console.log(
      `\n## killed\n\n${first.output()}\nA second one meanwhile:\n${second.output()}\nAnd after kill -9:\n${third.output()}`,
    );
  }
  if (chosen.includes('crashing')) {
    const crash = async () => {
      await writeFile(`${stumblingBlock}.now`, '');
      await killRevision('ingest-crashing');
    };
    await trial('crashing', usual, async (output) => {
      await seen(output, /0 % to 5 %/);
      await sleep(5000);
      await crash();
    });
    await trial('crashing');
  }
  const codes: (number | null)[] = [];
  const begun = performance.now();
  for (let count = 0; count < Number(values.twins); count += 1) {
    await reset();
    const rollout = startRollout(data, [
      'ingest',
      '--to',
      'twin',
      '--steps',
      '20,50,100',
      '--every',
      '6s',
      '--overdue',
      '15s',
      '--timeout',
      '5m',
    ]);
    codes.push(await rollout.ended);
    console.log(codes.at(-1) === 0 ? `twins ${count + 1}: 100 %` : `twins ${count + 1}:\n${rollout.output()}`);
  }
  const good = codes.filter((code) => code === 0).length;
  const minutes = ((performance.now() - begun) / 60_000).toFixed(1);
  if (codes.length > 0)
    console.log(
      `\n## twins\n\n${codes.length} rollouts of two equal versions in ${minutes} min: ${good} reached 100 %, ${codes.length - good} did not`,
    );
  console.log(`${visitors.accepted()} jobs, ${visitors.refused()} posts not taken`);
} finally {
  await visitors.leave();
  await darkroom.close();
  await functions?.remove();
  await mails.close();
}
