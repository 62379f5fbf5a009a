/**
 * How cost grows: with the photos of a job, and with the jobs in the store. Counts are the same on a busy machine; seconds are not.
 * `node bench/scale.ts [--jobs 1000,10000,100000] [--only files]`; with S3 as well if there is a server (CONTRIBUTING.md). 100,000 jobs take
 * 8 GB and a million files for a while.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { openStore } from '../packages/shared/src/store/open.ts';
import { startS3 } from '../packages/shared/test/store-s3-server.ts';
import { environmentIn, start } from './pipeline/startup.ts';
import { repository } from '../packages/lab/test/pipeline/darkroom.ts';
import { table } from './pipeline/table.ts';
import { type Cost, costInProcess } from './scale/cost.ts';
import { fill } from './scale/filled-store.ts';
import { slope } from './scale/slope.ts';
import { works } from './scale/work.ts';

const { values } = parseArgs({
  options: { jobs: { type: 'string', default: '1000,10000,100000' }, only: { type: 'string' } },
});
const sizes = values.jobs.split(',').map(Number);
const photos = [1, 10, 50];
const programs = ['ingest', 'sweep'];

/** A store that is on this machine: where its files are, and how a process opens it. */
interface Place {
  folder: string;
  url: string;
  environment: Record<string, string>;
}

const folder = await mkdtemp(join(tmpdir(), 'scale-'));
const s3 = values.only === 'files' ? undefined : await startS3();
const cleanUp = async () => {
  await s3?.close();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
};
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void cleanUp().finally(() => process.exit(1)));

try {
  if (values.only !== 'S3')
    await measure('files', (name) => {
      const place = join(folder, name);
      return { folder: place, url: pathToFileURL(place).href, environment: {} };
    });
  if (s3?.folder) {
    await measure('S3', () => {
      const url = s3.url();
      return { folder: join(s3.folder!, new URL(url).host, new URL(url).pathname), url, environment: s3.environment };
    });
  } else console.log('S3: not measured, since there is no server that this bench has started');
} finally {
  await cleanUp();
}

async function measure(kind: string, open: (name: string) => Place): Promise<void> {
  const { url, environment } = open('photos');
  const perJob: Cost[] = [];
  for (const count of photos) perJob.push(await costInProcess([url, 'photos', String(count)], environment));
  report(`${kind}, one job of so many photos`, photos, new Map([['from the first print to the mail', perJob]]), {
    'from 10 to 50': (figures) => slope(photos.slice(1), figures.slice(1)),
    // The line through the first two says what is needed once for a job; the rest should grow as the photos do.
    'beyond what a job needs once': ([one, ten, fifty]) =>
      slope(
        photos,
        [one!, ten!, fifty!].map((cost) => cost - one! + (ten! - one!) / 9),
      ),
  });

  const rows = new Map<string, Cost[]>();
  const record = (name: string, cost: Cost) => rows.set(name, [...(rows.get(name) ?? []), cost]);
  for (const size of sizes) {
    const place = open(`jobs-${size}`);
    await mkdir(place.folder, { recursive: true });
    const begun = performance.now();
    const openJob = await fill(place.folder, openStore(place.url, place.environment), size);
    console.error(`${kind}, ${size} jobs: filled in ${((performance.now() - begun) / 1000).toFixed(0)} s`);
    for (const name of Object.keys(works)) {
      const cost = await costInProcess([place.url, name, openJob], place.environment);
      console.error(`${kind}, ${size} jobs, ${name}: ${JSON.stringify(cost)}`);
      record(name, cost);
    }
    for (const name of programs) record(`start of ${name}`, await startOf(name, place));
    await rm(place.folder, { recursive: true, force: true });
  }
  report(`${kind}, so many finished jobs in the store, a tenth as many open`, sizes, rows);
}

async function startOf(name: string, { url, environment }: Place): Promise<Cost> {
  const all = { ...environmentIn(folder), ...environment, STORE_URL: url };
  const { used, passed } = await start(join(repository, 'functions', name, 'dist'), all);
  return { calls: 0, listed: 0, requests: 0, seconds: passed / 1000, 'CPU s': used / 1000, 'peak MiB': 0 };
}

/** @param others slopes beside that of all amounts */
function report(
  title: string,
  amounts: readonly number[],
  rows: ReadonlyMap<string, readonly Cost[]>,
  others: Record<string, (figures: readonly number[]) => number> = {},
): void {
  const kinds = ['calls', 'listed', 'requests', 'seconds', 'CPU s', 'peak MiB'] as const;
  const lines = [...rows].flatMap(([name, costs]) =>
    kinds
      .filter((kind) => costs.some((each) => each[kind] > 0))
      .map((kind) => {
        const figures = costs.map((each) => each[kind]);
        const slopes = [slope(amounts, figures), ...Object.values(others).map((slopeOf) => slopeOf(figures))];
        return [`${name}: ${kind}`, ...figures.map(short), ...slopes.map((value) => value.toFixed(2))];
      }),
  );
  console.log(`${table([title, ...amounts.map(String), 'slope', ...Object.keys(others)], lines)}\n`);
}

function short(value: number): string {
  return String(Number.isInteger(value) ? value : Number(value.toPrecision(3)));
}
