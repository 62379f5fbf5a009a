/**
 * npm run new -- filter blur         a filter: functions/blur, and its Trigger in config/base
 * npm run new -- stage audit [type]  a stage that hears any event: by default, that a job has ended
 *
 * Both start from templates/typescript, as `kn func create` does. CONFIG_DIR and FUNCTIONS_DIR name other folders.
 */
import { existsSync } from 'node:fs';
import { appendFile, cp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { checkFilterName } from '@darkroom/shared/config';
import { explain, Misconfigured } from '@darkroom/shared/errors';
import { eventType } from '@darkroom/shared/events';
import { parseAllDocuments } from 'yaml';

const repository = resolve(import.meta.dirname, '..');
const functions = resolve(repository, process.env['FUNCTIONS_DIR'] ?? 'functions');
const wiring = resolve(repository, process.env['CONFIG_DIR'] ?? 'config', 'base');
const triggers = join(wiring, 'triggers.yaml');
const eventTypes = join(wiring, 'event-types.yaml');

interface Manifest {
  metadata: { name: string };
  spec: { attributes?: { name: string; value?: string }[] };
}

try {
  await create(process.argv.slice(2));
} catch (error) {
  console.error(explain(error));
  process.exitCode = 1;
}

/** @throws Misconfigured before anything is written */
async function create([kind, name, heard, ...more]: string[]): Promise<void> {
  if ((kind !== 'filter' && kind !== 'stage') || name === undefined || more.length > 0 || (kind === 'filter' && heard))
    throw new Misconfigured('Usage: npm run new -- filter NAME, or: npm run new -- stage NAME [EVENT TYPE]');
  const type = kind === 'filter' ? eventType.imageUploaded : (heard ?? eventType.jobCompleted);
  checkFilterName(name, kind);
  for (const [path, setting] of [
    [functions, 'FUNCTIONS_DIR'],
    [triggers, 'CONFIG_DIR'],
    [eventTypes, 'CONFIG_DIR'],
  ] as const)
    if (!existsSync(path))
      throw new Misconfigured(
        `${shown(path)} does not exist. Set ${setting} to the folder of ${setting === 'CONFIG_DIR' ? 'manifests' : 'functions'}.`,
      );
  if (!/^[a-z\d]+(\.[a-z\d]+)+$/.test(type))
    throw new Misconfigured(`“${type}” is not a type of event. Write one such as ${eventType.filterFinished}.`);
  const folder = join(functions, name);
  if (existsSync(folder)) throw new Misconfigured(`${shown(folder)} is there already. Choose another name, or remove it.`);
  if ((await manifestsOf(triggers)).some(({ metadata }) => metadata.name === name))
    throw new Misconfigured(`${shown(triggers)} has a Trigger ${name} already. Choose another name, or remove it.`);

  const files = [triggers, eventTypes];
  const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size));
  // A moment, in which Ctrl-C would leave half of it behind.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
  try {
    await write(kind, name, type);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    // Both are only ever appended to. A full disk allows this as well.
    for (const [index, file] of files.entries()) await truncate(file, sizes[index]);
    throw error;
  }
  console.log(`${shown(folder)} and its Trigger in ${shown(triggers)} are written.\n${nextSteps(kind, name)}`);
}

async function write(kind: 'filter' | 'stage', name: string, type: string): Promise<void> {
  const folder = join(functions, name);
  await cp(join(repository, 'templates/typescript', kind), folder, { recursive: true });
  const now = `${new Date().toISOString().slice(0, 19)}Z`;
  await change(join(folder, 'func.yaml'), (text) =>
    text.replace(`name: ${kind}`, `name: ${name}`).replace(/^created: .*/m, `created: ${now}`),
  );
  await change(join(folder, 'package.json'), (text) => text.replace('{', `{\n  "name": "@darkroom/${name}",`));
  await change(join(folder, 'README.md'), (text) => text.replace(/^# .*\n/, `# ${name}\n`).replace(/\nMade by `kn [^]*$/, ''));
  await appendFile(triggers, triggerOf(name, type, kind === 'filter'));
  const declared = (await manifestsOf(eventTypes)).flatMap(({ spec }) => spec.attributes ?? []);
  if (!declared.some(({ name: attribute, value }) => attribute === 'type' && value === type))
    await appendFile(eventTypes, eventTypeOf(type));
}

function shown(path: string): string {
  return relative(repository, path);
}

async function manifestsOf(path: string): Promise<Manifest[]> {
  return parseAllDocuments(await readFile(path, 'utf8')).map((document) => document.toJS() as Manifest);
}

async function change(path: string, how: (text: string) => string): Promise<void> {
  await writeFile(path, how(await readFile(path, 'utf8')));
}

function triggerOf(name: string, type: string, isFilter: boolean): string {
  return `---
apiVersion: eventing.knative.dev/v1
kind: Trigger
metadata: { name: ${name} }
spec:
  broker: default
  filter:
    attributes: { type: ${type}${isFilter ? `, ${name}: 'true'` : ''} }
  subscriber:
    ref: { apiVersion: serving.knative.dev/v1, kind: Service, name: ${name} }
`;
}

function eventTypeOf(type: string): string {
  return `---
apiVersion: eventing.knative.dev/v1beta3
kind: EventType
metadata: { name: ${type.replaceAll('.', '-')} }
spec:
  reference: { apiVersion: eventing.knative.dev/v1, kind: Broker, name: default }
  attributes:
    - { name: type, required: true, value: ${type} }
`;
}

function nextSteps(kind: 'filter' | 'stage', name: string): string {
  const code = `Write its code in ${shown(join(functions, name))}/src/index.ts: under npm start, saving is enough.`;
  if (kind === 'stage') return code;
  return `${code}
Then let a version of ingest ask for it: copy config/versions/v2.yaml to v3.yaml with the revision's name ingest-v3 and ${name} in FILTERS,
and give v3 a share in config/versions/traffic.yaml. Test: npm run build && npx vitest run functions/${name}`;
}
