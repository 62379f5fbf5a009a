/**
 * Runs before each build: a folder that was copied by hand, or made by `kn func create`, must have names of its own. A package without a
 * name gets one, since the build would silently leave it out.
 */
import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { LineCounter, parseDocument } from 'yaml';

interface Func {
  name?: unknown;
  namespace?: unknown;
  deploy?: { labels?: { key: string; value: string }[] };
}

const repository = resolve(import.meta.dirname, '..');
const functions = resolve(repository, process.env['FUNCTIONS_DIR'] ?? 'functions');
/** The one function that people call. */
const open = 'ingest';
const template = 'templates/typescript/filter/func.yaml';

const faults: string[] = [];
for (const name of (await readdir(functions)).sort()) {
  const folder = join(functions, name);
  if (!existsSync(join(folder, 'func.yaml'))) continue;
  await checkFunction(join(folder, 'func.yaml'), name);
  await checkPackage(join(folder, 'package.json'), name);
}
for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exitCode = 1;

async function checkFunction(path: string, name: string): Promise<void> {
  const lines = new LineCounter();
  const document = parseDocument(await readFile(path, 'utf8'), { lineCounter: lines });
  const func = document.toJS() as Func | null;
  const line = lines.linePos((document.get('name', true) as { range?: [number] } | undefined)?.range?.[0] ?? 0).line;
  if (func?.name !== name)
    faults.push(
      `${shown(path)}:${line}: its name is ${String(func?.name)}, and that of its folder ${name}. Write name: ${name}.`,
    );
  if (func?.namespace === undefined)
    console.warn(
      `${shown(path)}: on a cluster, it would land in whichever namespace is active. Copy “namespace” from ${template}.`,
    );
  const labels = func?.deploy?.labels ?? [];
  if (name !== open && !labels.some(({ key, value }) => key === 'networking.knative.dev/visibility' && value === 'cluster-local'))
    console.warn(`${shown(path)}: on a cluster, anyone could call it. Copy “deploy” from ${template}.`);
}

async function checkPackage(path: string, name: string): Promise<void> {
  const wanted = `@darkroom/${name}`;
  if (!existsSync(path))
    return void faults.push(`${shown(path)} is missing. Copy the one in templates/typescript/filter, and run this again.`);
  const content = JSON.parse(await readFile(path, 'utf8')) as { name?: string };
  if (content.name === undefined) await writeFile(path, `${JSON.stringify({ name: wanted, ...content }, null, 2)}\n`);
  else if (content.name !== wanted)
    faults.push(
      `${shown(path)}: its name is ${content.name}. Write "name": "${wanted}", so that the build can tell it from others.`,
    );
}

function shown(path: string): string {
  return relative(repository, path);
}
