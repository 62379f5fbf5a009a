import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { readManifests } from 'knative-local/manifest/read';
import { freePort } from 'knative-local/process/ports';

const repository = resolve(import.meta.dirname, '../../..');

/** A folder of one function called sepia, beside the others, where packages are found. */
async function makeFunctions(source?: string): Promise<string> {
  const functions = await mkdtemp(join(repository, '.functions-'));
  onTestFinished(() => rm(functions, { recursive: true, force: true }));
  const folder = join(functions, 'sepia');
  await cp(join(repository, 'functions/sepia'), folder, { recursive: true, filter: (path) => !path.endsWith('node_modules') });
  if (source) await writeFile(join(folder, 'src/index.ts'), source);
  execFileSync(process.execPath, [join(repository, 'scripts/bundle.ts')], { cwd: folder });
  return functions;
}

async function faultsOf(functions: string): Promise<string[]> {
  const settings = { config: 'CONFIG_DIR', functions: 'FUNCTIONS_DIR' };
  // No manifests at all: the functions are looked at all the same.
  const message: string = await readManifests({ config: [join(functions, 'sepia')], functions, settings, operator: {} }).then(
    () => '',
    (error: Error) => error.message,
  );
  return message.split('\n').filter((line) => line.includes('dist'));
}

test('does not run a build that is older than its source or copied from another function', async () => {
  const functions = await makeFunctions();
  const at = (path: string) => join(functions, path);
  expect(await faultsOf(functions)).toEqual([]);

  const source = await readFile(at('sepia/src/index.ts'), 'utf8');
  await writeFile(at('sepia/src/index.ts'), `${source}\n// Changed.\n`);
  expect(await faultsOf(functions)).toEqual([
    expect.stringMatching(
      /sepia\/dist is older than its source: \S+sepia\/src\/index\.ts has changed\. Run npm run build, and start again\.$/,
    ),
  ]);
  await writeFile(at('sepia/src/index.ts'), source);

  await cp(at('sepia'), at('blur'), { recursive: true });
  const manifest = await readFile(at('blur/func.yaml'), 'utf8');
  await writeFile(at('blur/func.yaml'), manifest.replace('name: sepia', 'name: blur'));
  expect(await faultsOf(functions)).toEqual([
    expect.stringMatching(
      /blur\/dist was built for the function sepia, and this one is blur\. Run npm run build, and start again\.$/,
    ),
  ]);
  await rename(at('blur/func.yaml'), at('blur/func.yml'));
  expect(await faultsOf(functions)).toEqual([]);
});

test('a build includes the licences of its dependencies', async () => {
  const notices = await readFile(join(await makeFunctions(), 'sepia/dist/THIRD-PARTY-NOTICES.txt'), 'utf8');
  for (const name of ['valibot', 'jimp', 'sharp', '@julusian/jpeg-turbo']) expect(notices).toContain(`\n${name}@`);
  expect(notices).toContain('GNU LESSER GENERAL PUBLIC LICENSE');
  expect(notices).toMatch(/@img\/sharp-libvips-\S+, LGPL-3\.0-or-later/);
  expect(notices).toMatch(/\| libvips +\| LGPLv3/);
  expect(notices).not.toContain('@darkroom');
});

test('a stack trace names the line in the source', async () => {
  const functions = await makeFunctions(
    [
      "import { stage } from '@darkroom/shared/stage';",
      '',
      'const stop = () => {',
      "  throw new Error('out of paper');",
      '};',
      'export const { init, handle, shutdown, liveness, readiness } = stage(() => async () => stop());',
      '',
    ].join('\n'),
  );
  const port = await freePort();
  const child = spawn(process.execPath, ['index.mjs'], { cwd: join(functions, 'sepia/dist'), env: { PORT: String(port) } });
  onTestFinished(() => void child.kill());
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  const headers = {
    'content-type': 'application/json',
    'ce-specversion': '1.0',
    'ce-id': '1',
    'ce-source': '/test',
    'ce-type': 'dev.darkroom.image.uploaded',
    'ce-job': '00000000-0000-4000-8000-000000000000',
  };
  const post = async () => (await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', headers, body: '{}' })).status;
  await expect.poll(post).toBe(500);
  await expect.poll(() => output).toContain('at stop (../src/index.ts:4:');
});

test('an image starts with what was compiled while it was built, wherever it was moved, and without it all the same', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'image-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const [built, moved] = [join(folder, 'built'), join(folder, 'moved')];
  // It needs no packages.
  await cp(join(repository, 'functions/zip/dist'), built, { recursive: true });
  const { scripts } = JSON.parse(await readFile(join(built, 'package.json'), 'utf8')) as { scripts: Record<string, string> };
  const [, program = ''] = /^node (\S+)$/.exec(scripts['postinstall']!)!;
  const install = () => execFileSync(process.execPath, [program], { cwd: built, encoding: 'utf8' });
  expect(install()).toContain('is filled');
  await rename(built, moved);
  expect(await startIn(moved)).toMatch(/cache for .*darkroom_function-\S+ was accepted/);
  await rm(join(moved, '.compile-cache'), { recursive: true });
  expect(await startIn(moved)).not.toContain('was accepted');

  await rename(moved, built);
  await rm(join(built, 'index.mjs'));
  expect(install()).toMatch(/is not filled \(.*\); the function has to be compiled at each start/);
});

test.each(['ingest', 'zip'])('%s starts without what no request has asked for yet: TLS, digests, HTTP/2', async (name) => {
  const tell = `process.on('exit', () => console.log(process.moduleLoadList.map((each) => each + ';').join(' ')))`;
  const output = await startIn(join(repository, 'functions', name, 'dist'), ['--import', `data:text/javascript,${tell}`]);
  expect(output).toContain('NativeModule http;');
  for (const module of ['tls', 'crypto', 'http2']) expect(output).not.toContain(`NativeModule ${module};`);
});

test.each(['ingest', 'grayscale'])('%s starts one worker, before all else', async (name) => {
  const tell = `
    const processes = process.getBuiltinModule('node:child_process');
    const { fork } = processes;
    processes.fork = (...values) => {
      console.log('a worker, ' + (process.moduleLoadList.includes('NativeModule http') ? 'late' : 'early'));
      return fork(...values);
    };`;
  const flags = ['--import', `data:text/javascript,${encodeURIComponent(tell)}`];
  const output = await startIn(join(repository, 'functions', name, 'dist'), flags);
  expect(output.match(/a worker, \w+/g)).toEqual(['a worker, early']);
});

test.each(['ingest', 'grayscale'])('of %s, a worker that is starting says nothing about wrong settings', async (name) => {
  const output = await startIn(join(repository, 'functions', name, 'dist'), [], { STORE_URL: 'nowhere' });
  expect(output.match(/STORE_URL/g)).toHaveLength(1);
});

/** What a function prints until it has started and ended, with what Node says of its compile cache. */
async function startIn(folder: string, flags: string[] = [], more: Record<string, string> = {}): Promise<string> {
  const store = await mkdtemp(join(tmpdir(), 'store-'));
  onTestFinished(() => rm(store, { recursive: true, force: true }));
  const environment = {
    PATH: process.env['PATH'],
    PORT: String(await freePort()),
    STORE_URL: pathToFileURL(store).href,
    K_SINK: 'http://127.0.0.1:9',
    PUBLIC_URL: 'http://localhost',
    FILTERS: 'grayscale',
    NODE_DEBUG_NATIVE: 'COMPILE_CACHE',
    ...more,
  };
  const child = spawn(process.execPath, [...flags, 'index.mjs'], {
    cwd: folder,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      if (text.includes('listening')) child.kill('SIGTERM');
    });
  await once(child, 'close');
  return output;
}
