import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
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

const bundle = () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(repository, 'scripts/bundle.ts')], {
    cwd: join(functions, 'blur'),
    encoding: 'utf8',
  });
  return { status, stdout, said: stderr.split('\n').filter(Boolean) };
};
/** What a build says that does not start. */
const start = (environment: Record<string, string> = {}) => {
  const cwd = join(functions, 'blur/dist');
  const env = { PATH: process.env['PATH'], ...environment };
  const { status, stderr } = spawnSync(process.execPath, ['index.mjs'], { cwd, env, encoding: 'utf8' });
  expect(status).toBe(1);
  return stderr;
};

test.each([
  ['func.yaml', 'name: sepia', 'name: blur', /^\S*blur\/package\.json: its name is @darkroom\/sepia\. Write "name"/],
  ['package.json', '@darkroom/sepia', '@darkroom/blur', /^\S*blur\/func\.yaml:2: its name is sepia, [^.]*\. Write name: blur\.$/],
])('with only the name in its %s changed, it does not build either', async (file, from, to, said) => {
  await change(file, from, to);
  expect(bundle()).toEqual({ status: 1, stdout: '', said: [expect.stringMatching(said)] });
  expect(existsSync(join(functions, 'blur/dist'))).toBe(false);
});

test('code that says the name of the function it was copied from builds, and does not start', async () => {
  await change('func.yaml', 'name: sepia', 'name: blur');
  await change('package.json', '@darkroom/sepia', '@darkroom/blur');
  await change('src/index.ts', 'filter(sepia)', "filter('sepia', sepia)");
  expect(bundle().status).toBe(0);
  expect(start()).toContain('The function blur makes the filter “sepia”. Write filter(...) without a name in its src/index.ts');
});

test('a build that was copied and deployed without being built again does not start', async () => {
  await cp(join(repository, 'functions/sepia/dist'), join(functions, 'blur/dist'), { recursive: true });
  expect(start({ K_SERVICE: 'blur', STORE_URL: 'file:/tmp', K_SINK: 'http://127.0.0.1:9' })).toContain(
    'This is a build of the function sepia, and its Service is blur. Run npm run build, and deploy functions/blur again.',
  );
});
