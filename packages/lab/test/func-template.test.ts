import { execFileSync, spawnSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';

const repository = resolve(import.meta.dirname, '../../..');
const read = async (...path: string[]) => parse(await readFile(join(repository, ...path), 'utf8')) as Record<string, unknown>;
/** Inside the repository, where packages are found. */
let functions: string;
beforeEach(async () => {
  functions = await mkdtemp(join(repository, '.functions-'));
});
afterEach(() => rm(functions, { recursive: true, force: true }));

/** What a manifest.yaml may say. func ignores all else without a word (pkg/functions/repository.go). */
const known = 'name version templates buildpacks builderImages buildEnvs runEnvs healthEndpoints invoke'.split(' ');

/** What `kn func create -r <this repository> -l typescript -t <template> <folder>` does (pkg/functions/{client,template}.go). */
async function funcCreate(template: string, folder: string): Promise<void> {
  const { templates } = (await read('manifest.yaml')) as { templates: string };
  await cp(join(repository, templates, 'typescript', template), folder, {
    recursive: true,
    filter: (path) => basename(path) !== 'manifest.yaml',
  });
  const { invoke, buildEnvs, runEnvs } = {
    ...(await read('manifest.yaml')),
    ...(await read(templates, 'typescript/manifest.yaml')),
  };
  const created = new Date().toISOString();
  const identity = { specVersion: '0.36.0', name: basename(folder), runtime: 'typescript', created, invoke };
  const func = stringify({ ...identity, build: { buildEnvs }, run: { envs: runEnvs } });
  await writeFile(join(folder, 'func.yaml'), `# $schema: https://example.org/func_yaml-schema.json\n${func}`);
  await mkdir(join(folder, '.func'));
  await writeFile(join(folder, '.func/local.yaml'), 'remote: false\n');
  await writeFile(join(folder, '.gitignore'), '\n/.func\n');
}

const check = () => {
  const env = { ...process.env, FUNCTIONS_DIR: functions };
  const { status, stderr } = spawnSync(process.execPath, [join(repository, 'scripts/check-functions.ts')], {
    env,
    encoding: 'utf8',
  });
  return { status, said: stderr.split('\n').filter(Boolean) };
};

test('its manifests say what func reads, and each folder in its place is a runtime with templates', async () => {
  const manifest = await read('manifest.yaml');
  const ofRuntime = await read('templates/typescript/manifest.yaml');
  for (const key of Object.keys({ ...manifest, ...ofRuntime })) expect(known).toContain(key);
  const folders = async (path: string) =>
    (await readdir(join(repository, path), { withFileTypes: true })).filter((each) => each.isDirectory()).map(({ name }) => name);
  expect(await folders(manifest['templates'] as string)).toEqual(['typescript']);
  expect((await folders('templates/typescript')).sort()).toEqual(['filter', 'stage']);
});

test.each(['filter', 'stage'])(
  'kn func create -t %s: it gets a name, builds, and is told what func could not write',
  async (kind) => {
    const made = join(functions, 'soften');
    await funcCreate(kind, made);
    const { namespace, deploy, build, ...rest } = await read('templates/typescript', kind, 'func.yaml');
    const written = parse(await readFile(join(made, 'func.yaml'), 'utf8')) as object;
    const { builder, ...buildEnvs } = build as { builder: string };
    expect(written).toEqual({ ...rest, name: 'soften', created: expect.anything() as string, build: buildEnvs });
    // What func takes by default, and what a person has to copy.
    expect([builder, namespace, typeof deploy]).toEqual(['pack', 'darkroom', 'object']);
    expect(check()).toEqual({
      status: 0,
      said: [
        expect.stringMatching(
          /soften\/func\.yaml: on a cluster, it would land in whichever namespace is active\. Copy “namespace”/,
        ),
        expect.stringMatching(/soften\/func\.yaml: on a cluster, anyone could call it\. Copy “deploy”/),
      ],
    });
    expect(JSON.parse(await readFile(join(made, 'package.json'), 'utf8'))).toMatchObject({ name: '@darkroom/soften' });
    expect(check().status).toBe(0);
    expect(String(execFileSync(process.execPath, [join(repository, 'scripts/bundle.ts')], { cwd: made }))).toMatch(/^soften: /);
  },
);
