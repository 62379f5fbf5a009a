import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, watch } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { readManifests } from 'knative-local/manifest/read';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parse } from 'yaml';
import { configFolders } from '../src/start.ts';

const repository = resolve(import.meta.dirname, '../../..');
/** Inside the repository, where packages are found. */
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(repository, '.functions-'));
  await cp(join(repository, 'config'), join(folder, 'config'), { recursive: true });
  await mkdir(join(folder, 'functions'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const at = (...path: string[]) => join(folder, ...path);
const environment = () => ({ ...process.env, CONFIG_DIR: at('config'), FUNCTIONS_DIR: at('functions') });
const node = (program: string, cwd: string, ...words: string[]) =>
  spawnSync(process.execPath, [join(repository, program), ...words], { cwd, env: environment(), encoding: 'utf8' });
const create = (...words: string[]) => node('scripts/new.ts', repository, ...words);

/** What a project of the functions here is, to the platform; builds of Darkroom's own functions are not here. */
async function wiring() {
  for (const name of ['ingest', 'grayscale', 'sepia', 'zip', 'notify', 'webhook', 'sweep'])
    await cp(join(repository, 'functions', name, 'func.yaml'), at('functions', name, 'func.yaml'));
  const settings = { config: 'CONFIG_DIR', functions: 'FUNCTIONS_DIR' };
  return readManifests({ config: configFolders(at('config')), functions: at('functions'), settings, operator: {} }).then(
    () => [],
    (error: Error) => error.message.split('\n').filter((line) => /blur|resize|vignette|audit|yaml:/.test(line)),
  );
}

test('a new filter has all that the others have, builds as it is, and its Trigger has no fault', async () => {
  const { status, stdout } = create('filter', 'blur');
  expect(status).toBe(0);
  expect(stdout).toContain('blur in FILTERS');
  expect((await readdir(at('functions/blur'))).sort()).toEqual(
    ['.funcignore', 'README.md', 'func.yaml', 'package.json', 'src', 'test'].sort(),
  );
  const sepia = parse(await readFile(join(repository, 'functions/sepia/func.yaml'), 'utf8')) as object;
  const created = expect.stringMatching(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/) as string;
  expect(parse(await readFile(at('functions/blur/func.yaml'), 'utf8'))).toEqual({ ...sepia, name: 'blur', created });
  expect(JSON.parse(await readFile(at('functions/blur/package.json'), 'utf8'))).toMatchObject({ name: '@darkroom/blur' });
  expect(node('scripts/bundle.ts', at('functions/blur')).stdout).toMatch(/^blur: \d+ files/);
  expect(await wiring()).toEqual([]);
});

test.each(['blur', 'resize', 'vignette'])(
  'the example %s becomes a filter by two commands, and its option is read at build',
  async (name) => {
    expect(create('filter', name).status).toBe(0);
    await cp(join(repository, 'examples', name), at('functions', name), { recursive: true });
    expect(node('scripts/bundle.ts', at('functions', name)).stdout).toMatch(new RegExp(`^${name}: \\d+ files`));
    expect(await wiring()).toEqual([]);
    const option = JSON.parse(await readFile(at('functions', name, 'option.json'), 'utf8')) as { default: number };
    const code = await Promise.all(
      (await readdir(at('functions', name, 'dist')))
        .filter((file) => file.endsWith('.mjs'))
        .map((file) => readFile(at('functions', name, 'dist', file), 'utf8')),
    );
    expect(code.some((text) => text.includes(`default:${option.default}`))).toBe(true);
  },
);

test('a new stage hears the end of a job, or any other type, which is declared if nothing declares it', async () => {
  expect(create('stage', 'audit')).toMatchObject({ status: 0 });
  expect(create('stage', 'count', 'dev.darkroom.filter.finished')).toMatchObject({ status: 0 });
  const before = await readFile(join(repository, 'config/base/event-types.yaml'), 'utf8');
  expect(await readFile(at('config/base/event-types.yaml'), 'utf8')).toBe(before);
  expect(create('stage', 'orders', 'com.example.order')).toMatchObject({ status: 0 });
  expect((await readFile(at('config/base/event-types.yaml'), 'utf8')).slice(before.length)).toContain('value: com.example.order');
  const triggers = await readFile(at('config/base/triggers.yaml'), 'utf8');
  for (const type of ['job.completed', 'filter.finished'])
    expect(triggers).toContain(`attributes: { type: dev.darkroom.${type} }`);
  expect(node('scripts/bundle.ts', at('functions/audit')).stdout).toMatch(/^audit: \d+ files/);
  expect(await wiring()).toEqual([]);
});

test.each([
  [['filter', 'zip'], /^The filter "zip": “zip” already means something else/],
  [['stage', 'notify'], /^The stage "notify": “notify” already means something else/],
  [['filter', 'Blur'], /^The filter "Blur": must be 1 to 20 lower-case letters and digits/],
  [['filter', '../blur'], /^The filter "..\/blur": must be/],
  [['filter', 'lab'], /^The filter "lab": “lab” already means something else/],
  [['filter', 'store'], /^The filter "store": “store” already means something else/],
  [['filter', 'constructor'], /^The filter "constructor": “constructor” already means something else/],
  [['filter', 'a'.repeat(21)], /^The filter "a+": must be 1 to 20/],
  [['filter', '--help'], /^The filter "--help": must be/],
  [['filter', ''], /^The filter "": must be/],
  [['--help'], /^Usage/],
  [[], /^Usage/],
  [['filter', 'email'], /^The filter "email": “email” already means something else/],
  [['filter', 'taken'], /functions\/taken is there already\. Choose another name, or remove it\.$/],
  [['filter', 'sepia'], /triggers\.yaml has a Trigger sepia already\. Choose another name/],
  [['stage', 'audit', 'finished'], /^“finished” is not a type of event/],
  [['filter'], /^Usage/],
  [['lens', 'blur'], /^Usage/],
  [['filter', 'blur', 'radius'], /^Usage/],
])('npm run new -- %j is refused in one sentence, and writes nothing', async (words, said) => {
  await mkdir(at('functions/taken'));
  const { status, stderr, stdout } = create(...words);
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr.trim()).toMatch(said);
  expect(stderr.trim().split('\n')).toHaveLength(1);
  expect(await readdir(at('functions'))).toEqual(['taken']);
  for (const file of ['triggers.yaml', 'event-types.yaml'])
    expect(await readFile(at('config/base', file), 'utf8')).toBe(await readFile(join(repository, 'config/base', file), 'utf8'));
});

test.each([
  ['functions', /functions does not exist\. Set FUNCTIONS_DIR to the folder of functions\.$/],
  ['config/base/triggers.yaml', /triggers\.yaml does not exist\. Set CONFIG_DIR to the folder of manifests\.$/],
])('without %s it says what to set', async (path, said) => {
  await rm(at(path), { recursive: true });
  const { status, stderr } = create('filter', 'blur');
  expect({ status, said: stderr.trim() }).toEqual({ status: 1, said: expect.stringMatching(said) as string });
  expect(existsSync(at('functions/blur'))).toBe(false);
});

test('a second run changes nothing, and what cannot be written is not left half written', async () => {
  expect(create('filter', 'blur').status).toBe(0);
  const triggers = await readFile(at('config/base/triggers.yaml'), 'utf8');
  expect(create('filter', 'blur').stderr).toMatch(/functions\/blur is there already/);
  expect(await readFile(at('config/base/triggers.yaml'), 'utf8')).toBe(triggers);

  // No disk takes it: a process may write no file beyond so many blocks of 512 bytes.
  const blocks = Math.floor(triggers.length / 512);
  const command = `ulimit -f ${blocks}; exec "$@"`;
  const words = ['-c', command, 'sh', process.execPath, join(repository, 'scripts/new.ts'), 'filter', 'smooth'];
  const { status, stderr } = spawnSync('sh', words, { env: environment(), encoding: 'utf8' });
  expect([status, stderr]).toEqual([1, expect.stringContaining('EFBIG')]);
  expect(await readdir(at('functions'))).toEqual(['blur']);
  expect(await readFile(at('config/base/triggers.yaml'), 'utf8')).toBe(triggers);
});

test('Ctrl-C while it writes leaves no half of it', async () => {
  const child = spawn(process.execPath, [join(repository, 'scripts/new.ts'), 'filter', 'blur'], { env: environment() });
  const watcher = watch(at('functions'), () => child.kill('SIGINT'));
  const [status] = (await once(child, 'close')) as [number | null];
  watcher.close();
  expect(status).toBe(0);
  expect(node('scripts/bundle.ts', at('functions/blur')).status).toBe(0);
  expect(await wiring()).toEqual([]);
  expect(await readFile(at('config/base/triggers.yaml'), 'utf8')).toContain('metadata: { name: blur }');
});
