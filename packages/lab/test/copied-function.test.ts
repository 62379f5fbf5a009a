import { execFileSync, spawnSync } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

const repository = resolve(import.meta.dirname, '../../..');
let functions: string;
beforeEach(async () => {
  functions = await mkdtemp(join(repository, '.functions-'));
  const own = (path: string) => !/node_modules|\/dist(\/|$)/.test(path.slice(repository.length));
  for (const name of ['sepia', 'blur'])
    await cp(join(repository, 'functions/sepia'), join(functions, name), { recursive: true, filter: own });
});
afterEach(() => rm(functions, { recursive: true, force: true }));

const check = () => {
  const env = { ...process.env, FUNCTIONS_DIR: functions };
  const { status, stderr } = spawnSync(process.execPath, [join(repository, 'scripts/check-functions.ts')], {
    env,
    encoding: 'utf8',
  });
  return { status, said: stderr.split('\n').filter(Boolean) };
};
const change = async (file: string, from: string, to: string) => {
  const path = join(functions, 'blur', file);
  const text = await readFile(path, 'utf8');
  expect(text).toContain(from);
  await writeFile(path, text.replace(from, to));
};

test('a function that was copied by hand is refused until its manifests have its name; its code needs no change', async () => {
  expect(check()).toEqual({
    status: 1,
    said: [
      expect.stringMatching(/blur\/func\.yaml:2: its name is sepia, and that of its folder blur\. Write name: blur\.$/),
      expect.stringMatching(/blur\/package\.json: its name is @darkroom\/sepia\. Write "name": "@darkroom\/blur", so that/),
    ],
  });
  await change('func.yaml', 'name: sepia', 'name: blur');
  await change('package.json', '@darkroom/sepia', '@darkroom/blur');
  expect(check()).toEqual({ status: 0, said: [] });
  const printed = execFileSync(process.execPath, [join(repository, 'scripts/bundle.ts')], { cwd: join(functions, 'blur') });
  expect(String(printed)).toMatch(/^blur: /);
});

test('code that says the name of the function it was copied from builds, and does not start', async () => {
  await change('func.yaml', 'name: sepia', 'name: blur');
  await change('src/index.ts', 'filter(sepia)', "filter('sepia', sepia)");
  const folder = join(functions, 'blur');
  execFileSync(process.execPath, [join(repository, 'scripts/bundle.ts')], { cwd: folder });
  const { status, stderr } = spawnSync(process.execPath, ['index.mjs'], { cwd: join(folder, 'dist'), encoding: 'utf8' });
  expect(status).toBe(1);
  expect(stderr).toContain('The function blur makes the filter “sepia”. Write filter(...) without a name in its src/index.ts');
});
