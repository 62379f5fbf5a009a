/**
 * node bench/series.ts [jobs] [kills]: how many time series /metrics of `npm start` has after so many jobs (1000), a bad photo in every tenth,
 * and so many starts of killed processes (20). Those of knative-local are among them.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Darkroom, openDarkroom } from '../packages/lab/test/pipeline/darkroom.ts';
import { photo } from '../packages/shared/test/support/lab.ts';
import { table } from './pipeline/table.ts';

const [jobs = 1000, kills = 20] = process.argv.slice(2).map(Number);
const stages = ['grayscale', 'sepia', 'zip', 'notify'];
const atOnce = 8;

/** Process ids of a stage, as the console tells them. */
async function pidsOf({ consoleUrl }: Darkroom, name: string): Promise<number[]> {
  const { origin, searchParams } = new URL(consoleUrl);
  const headers = { authorization: `Bearer ${searchParams.get('token')}` };
  const { services } = (await (await fetch(`${origin}/api/topology`, { headers })).json()) as {
    services: { name: string; revisions: { processes: { pid: number }[] }[] }[];
  };
  return services
    .filter((service) => service.name === name)
    .flatMap(({ revisions }) => revisions.flatMap(({ processes }) => processes.map(({ pid }) => pid)));
}

const darkroom = await openDarkroom();
const rows: string[][] = [];
let [posted, killed] = [0, 0];

async function count(): Promise<void> {
  const text = await (await fetch(darkroom.metricsUrl)).text();
  const series = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const own = series.filter((line) => line.startsWith('darkroom_')).length;
  rows.push([posted, killed, own, series.length].map(String));
}

async function killOne(): Promise<void> {
  const [pid] = await pidsOf(darkroom, stages[killed % stages.length]!);
  if (pid === undefined) return;
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended in the meantime.
    return;
  }
  killed += 1;
}

try {
  const good = { name: 'photo.jpg', bytes: await photo() };
  const cut = { name: 'cut.jpg', bytes: good.bytes.subarray(0, good.bytes.length - 300) };
  const accepted: string[] = [];
  const person = async () => {
    while (posted < jobs) {
      const number = (posted += 1);
      const files = number % 10 === 0 ? [good, cut] : [good];
      // A busy machine may let a connection time out.
      const answer = await darkroom.post(files, { tag: number % 2 === 0 ? 'v2' : 'v1' }).catch(() => undefined);
      if (answer?.status === 202) accepted.push(((await answer.json()) as { job: string }).job);
      if (number % Math.ceil(jobs / kills) === 0) await killOne();
      if (number % Math.ceil(jobs / 4) === 0) await count();
    }
  };
  await Promise.all(Array.from({ length: atOnce }, person));
  for (const job of accepted) await darkroom.finished(job);
  while (killed < kills) {
    await killOne();
    await sleep(1000);
  }
  // The runtime reads its processes every five seconds.
  await sleep(6000);
  await count();
  console.log(`${accepted.length} of ${posted} jobs accepted\n`);
  console.log(table(['jobs posted', 'processes killed', 'series of Darkroom', 'all series'], rows));
} finally {
  await darkroom.close();
}
