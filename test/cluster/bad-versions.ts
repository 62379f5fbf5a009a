import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { writeFunctions } from '../../bench/rollout/versions.ts';
import { deployMailFilter } from './mail-filter.ts';
import { repository } from './repository.ts';
import type { Bench } from './row.ts';

const run = promisify(execFile);
const versions = join(repository, 'config/versions');
/** Milliseconds that a filter takes, where a whole job takes less than half of it. */
const slowness = 3000;
/** Milliseconds within which a version becomes ready that will crash at start later. */
const healthy = 120_000;

/** A version of which it is known what is wrong with it. */
export interface BadVersion {
  tag: string;
  what: string;
  /** After how long a job counts as lost. */
  overdue: string;
  /** Deploys what it needs, and releases it. */
  prepare(): Promise<void>;
  /** What goes wrong once it has traffic. */
  spoil?: () => Promise<void>;
}

export async function badVersions({ cluster, settings }: Bench): Promise<{ list: BadVersion[] } & AsyncDisposable> {
  const { kubectl } = cluster;
  await using made = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'versions-'));
  made.defer(() => rm(folder, { recursive: true }));
  await cp(join(repository, 'config'), join(folder, 'config'), { recursive: true });
  const functions = await writeFunctions(join(folder, 'config'), String(slowness));
  made.defer(() => functions.remove());
  const ending = made.move();

  const hangIn = async (filter: string) => {
    await cluster.redeploy(filter, join(functions.folder, filter));
    await cluster.release();
    const heard = ['--filter', 'type=dev.darkroom.image.uploaded', '--filter', `${filter}=true`];
    const to = ['--broker', 'default', '--sink', `ksvc:${filter}`, '--namespace', kubectl.namespace];
    await run('kn', ['trigger', 'create', filter, ...heard, ...to]);
  };
  const withFilter = (tag: string, filter: string) => async () => {
    await hangIn(filter);
    await release(tag, `grayscale,${filter}`);
  };
  const release = async (tag: string, filters: string) => {
    const path = join(versions, `${tag}.yaml`);
    ending.defer(() => rm(path, { force: true }));
    const v1 = await readFile(join(versions, 'v1.yaml'), 'utf8');
    await writeFile(path, v1.replace('ingest-v1', `ingest-${tag}`).replace("'grayscale'", `'${filters}'`));
    await cluster.release(tag);
  };

  let crashes = 0;
  const list: BadVersion[] = [
    {
      tag: 'v3',
      what: 'a filter that nobody has deployed: its jobs never end',
      overdue: '20s',
      prepare: () => release('v3', 'grayscale,absent'),
    },
    {
      tag: 'v4',
      what: 'one of twenty prints fails',
      overdue: '2m',
      prepare: withFilter('v4', 'flaky'),
    },
    {
      tag: 'v5',
      what: 'slow',
      overdue: '2m',
      prepare: withFilter('v5', 'slow'),
    },
    {
      tag: 'v6',
      what: 'its mails are refused',
      overdue: '2m',
      async prepare() {
        ending.use(await deployMailFilter(kubectl, settings.NODE_IMAGE));
        await release('v6', 'sepia');
      },
    },
    {
      tag: 'v7',
      what: 'it crashes at start, from some time on',
      overdue: '2m',
      async prepare() {
        crashes = Date.now() + healthy;
        const broken = join(functions.folder, 'ingest');
        const main = join(broken, 'dist/index.mjs');
        await writeFile(
          main,
          `if (Date.now() > ${crashes}) throw new Error('libvips.so.42: no such file');\n${await readFile(main, 'utf8')}`,
        );
        await cluster.redeploy('ingest', broken);
        await release('v7', 'grayscale');
      },
      async spoil() {
        await sleep(Math.max(0, crashes - Date.now()));
        const pods = (await cluster.pods('ingest'))
          .map(({ metadata }) => metadata.name)
          .filter((name) => name.startsWith('ingest-v7'));
        if (pods.length > 0) await kubectl.run(['delete', 'pod', '--force', '--grace-period=0', ...pods]);
      },
    },
  ];
  return { list, [Symbol.asyncDispose]: () => ending.disposeAsync() };
}
