/**
 * Runs before each build: a folder that was copied by hand, or made by `kn func create`, must have names of its own. A package without a
 * name gets one, since the build would silently leave it out.
 */
import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { parse } from 'yaml';
import { faultsOfNames, packageName, shown } from './function-names.ts';

interface Func {
  namespace?: unknown;
  deploy?: { labels?: { key: string; value: string }[] };
}

const functions = resolve(import.meta.dirname, '..', process.env['FUNCTIONS_DIR'] ?? 'functions');
/** The one function that people call. */
const open = 'ingest';
const template = 'templates/typescript/filter/func.yaml';

const faults: string[] = [];
for (const name of (await readdir(functions)).sort()) {
  const folder = join(functions, name);
  if (!existsSync(join(folder, 'func.yaml'))) continue;
  faults.push(...(await faultsOfNames(folder)));
  await namePackage(join(folder, 'package.json'), packageName(folder));
  await warn(join(folder, 'func.yaml'));
}
for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exitCode = 1;

async function namePackage(path: string, name: string): Promise<void> {
  if (!existsSync(path))
    return void faults.push(`${shown(path)} is missing. Copy the one in templates/typescript/filter, and run this again.`);
  const content = JSON.parse(await readFile(path, 'utf8')) as { name?: string };
  if (content.name === undefined) await writeFile(path, `${JSON.stringify({ name, ...content }, null, 2)}\n`);
}

/** What func cannot take from a template. */
async function warn(path: string): Promise<void> {
  const { namespace, deploy } = (parse(await readFile(path, 'utf8')) ?? {}) as Func;
  if (namespace === undefined)
    console.warn(
      `${shown(path)}: on a cluster, it would land in whichever namespace is active. Copy “namespace” from ${template}.`,
    );
  const isLocal = deploy?.labels?.some(
    ({ key, value }) => key === 'networking.knative.dev/visibility' && value === 'cluster-local',
  );
  if (basename(join(path, '..')) !== open && !isLocal)
    console.warn(`${shown(path)}: on a cluster, anyone could call it. Copy “deploy” from ${template}.`);
}
