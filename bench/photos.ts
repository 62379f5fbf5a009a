/**
 * What a post of many large photos costs, with all limits as they are by default: one job of 1, 10 and 50 photos of 12 megapixels each,
 * through all of Darkroom. `node bench/photos.ts [--photos 1,10,50] [--megapixels 12]`. Needs Linux (`/proc`).
 */
import { openAsBlob } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type Darkroom, openDarkroom, type Status } from '../packages/lab/test/pipeline/darkroom.ts';
import { machine } from './pipeline/machine.ts';
import { openMailSink } from './pipeline/mail-sink.ts';
import { makePhotos } from './pipeline/photo.ts';
import { processTree } from './pipeline/processes.ts';
import { table } from './pipeline/table.ts';
import { slope } from './scale/slope.ts';

const { values } = parseArgs({
  options: { photos: { type: 'string', default: '1,10,50' }, megapixels: { type: 'string', default: '12' } },
});
const amounts = values.photos.split(',').map(Number);
const width = Math.round(Math.sqrt((Number(values.megapixels) * 1e6 * 4) / 3));
/** Those of functions/ingest/src/fair-share.ts, which a test lifts. */
const limits = { CLIENT_POSTS: '600', CLIENT_BYTES: '1073741824', ADDRESS_JOBS: '20' };

interface Cost {
  'MB posted': number;
  'seconds until 202': number;
  'seconds until the mail': number;
  'CPU s': number;
}

const folder = await mkdtemp(join(tmpdir(), 'photos-'));
const sink = await openMailSink();
let darkroom: Darkroom | undefined;
const cleanUp = async () => {
  await darkroom?.close();
  sink.close();
  await rm(folder, { recursive: true, force: true });
};
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void cleanUp().then(() => process.exit(1)));

try {
  console.log(`Before: ${machine()}\n`);
  const photos = await makePhotos(folder, Math.max(...amounts), { width, height: Math.round((width * 3) / 4) });
  const costs: Cost[] = [];
  /** MiB by process, for each amount. */
  const peaks = new Map<string, number[]>();
  for (const [index, amount] of amounts.entries()) {
    // Anew each time: what a process needed at most is never less than before.
    darkroom = await openDarkroom({ SMTP_URL: sink.url, ...limits });
    await develop(darkroom, photos.slice(0, 1));
    const before = cpuOf(darkroom);
    const cost = await develop(darkroom, photos.slice(0, amount));
    await sleep(1000);
    costs.push({ ...cost, 'CPU s': cpuOf(darkroom) - before });
    console.error(`${amount} photos: ${JSON.stringify(costs.at(-1))}`);
    for (const { name, peak } of processTree(darkroom.pid)) {
      const row = peaks.get(name) ?? [];
      row[index] = Math.max(row[index] ?? 0, peak);
      peaks.set(name, row);
    }
    await darkroom.close();
  }
  const rows = Object.keys(costs[0]!).map((kind) => [kind, ...rowOf(costs.map((cost) => cost[kind as keyof Cost]))]);
  const memory = [...peaks].map(([name, row]) => [`peak MiB of one process: ${name}`, ...rowOf(row)]);
  console.log(table([`${values.megapixels} megapixels, photos`, ...amounts.map(String), 'slope'], [...rows, ...memory]));
  console.log(`\nAfter: ${machine()}; ${sink.accepted()} mails`);
} finally {
  await cleanUp();
}

function rowOf(figures: number[]): string[] {
  return [...figures.map((value) => String(Number(value.toPrecision(3)))), slope(amounts, figures).toFixed(2)];
}

/** Posts one job, and waits for its mail. */
async function develop({ url, finished, output }: Darkroom, paths: readonly string[]): Promise<Omit<Cost, 'CPU s'>> {
  const form = new FormData();
  form.set('email', 'person@example.com');
  let bytes = 0;
  for (const [index, path] of paths.entries()) {
    const photo = await openAsBlob(path, { type: 'image/jpeg' });
    bytes += photo.size;
    form.append('file', photo, `${index + 1}.jpg`);
  }
  const begun = performance.now();
  const seconds = () => (performance.now() - begun) / 1000;
  const answer = await fetch(url, { method: 'POST', body: form, headers: { 'knative-serving-tag': 'v2' } });
  const accepted = seconds();
  if (answer.status !== 202) throw new Error(`${answer.status}: ${await answer.text()}`);
  const { job, refused } = (await answer.json()) as { job: string; refused?: object[] };
  if (refused) throw new Error(`Photos were refused: ${JSON.stringify(refused)}`);
  const status = await finished(job);
  check(status, paths.length, output());
  return { 'MB posted': bytes / 1e6, 'seconds until 202': accepted, 'seconds until the mail': seconds() };
}

function check({ status, mail, archiveFile, images }: Status, amount: number, output: string): void {
  const prints = images.flatMap(({ results }) => Object.values(results));
  const made = prints.filter((print) => print.status === 'succeeded').length;
  if (status === 'completed' && mail.status === 'sent' && archiveFile && made === 2 * amount) return;
  throw new Error(`The job is ${status}, its mail ${mail.status}, with ${made} prints:\n${output.slice(-2000)}`);
}

function cpuOf({ pid }: Darkroom): number {
  return processTree(pid).reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0);
}
