import { execFileSync } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { stringify } from 'yaml';

const repository = resolve(import.meta.dirname, '../..');

/** A version of ingest on trial, by its tag. */
export interface Version {
  filters: string;
  archive?: boolean;
  environment?: Record<string, string>;
}

/** Where functions are, with filters of which some prints go wrong, and some take long. */
export interface Functions {
  folder: string;
  remove(): Promise<void>;
}

/** A filter that refuses one photo in twenty, for no fault of the photo. */
const flaky = `import { Rejected } from '@darkroom/shared/errors';
import { filter } from '@darkroom/shared/filter';

export const { init, handle, shutdown, liveness, readiness } = filter((image) => {
  if (Math.random() < 0.05) throw new Rejected('It could not be read.');
  image.invert();
});
`;

/** @param milliseconds how long it takes, as an expression */
const slow = (milliseconds: string) => `import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { filter } from '@darkroom/shared/filter';

export const { init, handle, shutdown, liveness, readiness } = filter(async (image) => {
  await sleep(${milliseconds});
  image.invert();
});
`;

/**
 * Copies functions, and writes what the versions need beside them, as `npm run new` does it.
 * @param config a copy of config/
 * @param slowness an expression: how many milliseconds the filter “slow” takes; `readFileSync` is at hand
 */
export async function writeFunctions(config: string, slowness: string): Promise<Functions> {
  // As deep in the repository as functions/ is: builds know their sources by relative paths, and find packages above them.
  const folder = await mkdtemp(join(repository, '.functions-'));
  await cp(join(repository, 'functions'), folder, { recursive: true, filter: (path) => !path.endsWith('/node_modules') });
  const environment = { ...process.env, CONFIG_DIR: config, FUNCTIONS_DIR: folder };
  for (const name of ['flaky', 'slow'])
    execFileSync(process.execPath, [join(repository, 'scripts/new.ts'), 'filter', name], { env: environment });
  await writeFile(join(folder, 'flaky/src/index.ts'), flaky);
  await writeFile(join(folder, 'slow/src/index.ts'), slow(slowness));
  for (const name of ['flaky', 'slow'])
    execFileSync(process.execPath, [join(repository, 'scripts/bundle.ts')], { cwd: join(folder, name) });
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** In place of those of config/versions. */
export async function writeVersions(config: string, versions: Readonly<Record<string, Version>>): Promise<void> {
  const folder = join(config, 'versions');
  await rm(folder, { recursive: true });
  await cp(join(repository, 'config/versions'), folder, { recursive: true, filter: (path) => !/v\d+\.yaml$/.test(path) });
  for (const [tag, { filters, archive = false, environment = {} }] of Object.entries(versions)) {
    const variables = { FILTERS: filters, ARCHIVE: String(archive), ...environment };
    const env = Object.entries(variables).map(([name, value]) => ({ name, value }));
    const template = { metadata: { name: `ingest-${tag}` }, spec: { containers: [{ env }] } };
    await writeFile(join(folder, `${tag}.yaml`), serviceOf({ template }));
  }
  const tags = Object.keys(versions);
  const traffic = tags.map((tag, index) => ({ revisionName: `ingest-${tag}`, tag, percent: index === 0 ? 100 : 0 }));
  const path = join(folder, 'traffic.yaml');
  const comment = (await readFile(path, 'utf8')).split('\n').filter((line) => line.startsWith('#'));
  await writeFile(path, `${comment.join('\n')}\n${serviceOf({ traffic })}`);
}

function serviceOf(spec: object): string {
  return stringify({ apiVersion: 'serving.knative.dev/v1', kind: 'Service', metadata: { name: 'ingest' }, spec });
}
