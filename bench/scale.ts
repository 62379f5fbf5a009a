/**
 * How the requests to a store grow: with the photos of a job, and with the jobs in the store. Counts, not times: they are the same on a busy
 * machine. `node bench/scale.ts [--jobs 1000,10000]`; with S3 as well if there is a server (CONTRIBUTING.md).
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { openStore } from '../packages/shared/src/store/open.ts';
import type { Store } from '../packages/shared/src/store/store.ts';
import { startS3 } from '../packages/shared/test/store-s3-server.ts';
import { table } from './pipeline/table.ts';
import { type Counts, countedStore } from './scale/counted-store.ts';
import { fill } from './scale/filled-store.ts';
import { slope } from './scale/slope.ts';
import { describeJob, expireJobs, lookAtJobs, takeJob } from './scale/work.ts';

const { values } = parseArgs({ options: { jobs: { type: 'string', default: '1000,10000' } } });
const sizes = values.jobs.split(',').map(Number);
const photos = [1, 10, 50];

const folder = await mkdtemp(join(tmpdir(), 'scale-'));
const s3 = await startS3();
const cleanUp = async () => {
  await s3?.close();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
};
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void cleanUp().finally(() => process.exit(1)));

try {
  await measure('files', async (name) => {
    const place = join(folder, name);
    return { place, store: openStore(pathToFileURL(place).href) };
  });
  if (s3?.folder) {
    await measure('S3', async () => {
      const url = s3.url();
      return { place: join(s3.folder!, new URL(url).host, new URL(url).pathname), store: openStore(url, s3.environment) };
    });
  } else console.log('S3: not measured, since there is no server that this bench has started');
} finally {
  await cleanUp();
}

async function measure(kind: string, openStores: (name: string) => Promise<{ place: string; store: Store }>): Promise<void> {
  const small = await openStores('photos');
  const perJob: Counts[] = [];
  for (const count of photos) {
    const counted = countedStore(small.store);
    await takeJob(counted.store, count);
    perJob.push(counted.take());
  }
  report(`${kind}, one job of so many photos`, photos, new Map([['from the first print to the mail', perJob]]));

  const rows = new Map<string, Counts[]>();
  for (const size of sizes) {
    const { place, store } = await openStores(`jobs-${size}`);
    await mkdir(place, { recursive: true });
    const open = await fill(place, size);
    const counted = countedStore(store);
    const works = { 'status of a job': describeJob, 'a look of sweep': lookAtJobs, 'the hour of sweep': expireJobs };
    for (const [name, work] of Object.entries(works)) {
      const begun = performance.now();
      await work(counted.store, open);
      console.error(`${kind}, ${size} jobs, ${name}: ${((performance.now() - begun) / 1000).toFixed(1)} s`);
      rows.set(name, [...(rows.get(name) ?? []), counted.take()]);
    }
    await rm(place, { recursive: true, force: true });
  }
  report(`${kind}, so many jobs in the store, a tenth of them open`, sizes, rows);
}

function report(title: string, amounts: readonly number[], rows: ReadonlyMap<string, readonly Counts[]>): void {
  const kinds = ['calls', 'listed', 'requests'] as const;
  const lines = [...rows].flatMap(([name, counts]) =>
    kinds
      .filter((kind) => counts.some((each) => each[kind] > 0))
      .map((kind) => {
        const figures = counts.map((each) => each[kind]);
        return [`${name}: ${kind}`, ...figures.map(String), slope(amounts, figures).toFixed(2)];
      }),
  );
  console.log(`${table([title, ...amounts.map(String), 'slope'], lines)}\n`);
}
