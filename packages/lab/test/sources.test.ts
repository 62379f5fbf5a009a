import { mkdir, mkdtemp, readFile, rm, writeFile, readdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { CannotStart } from 'knative-local/errors';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { sourcesOf } from '../src/sources.ts';

const repository = resolve(import.meta.dirname, '../../..');
/** Inside the repository, where packages are found. */
let functions: string;
let lines: string[];
beforeEach(async () => {
  functions = await mkdtemp(join(repository, '.functions-'));
  lines = [];
});
afterEach(() => rm(functions, { recursive: true, force: true }));

const write = async (path: string, content = '') => {
  await mkdir(join(functions, dirname(path)), { recursive: true });
  await writeFile(join(functions, path), content);
};
/** A function that is a server of its own, so that its build is quick. */
const writeFunction = async (name: string, code = 'console.log("hello");\n') => {
  const named = `run:\n  envs:\n    -\n      name: SOME\n      value: thing\nname: ${name}\n`;
  await write(`${name}/func.yaml`, named);
  await write(`${name}/src/main.ts`, code);
};
const sources = () => sourcesOf(functions, (name, line) => lines.push(`${name} ${line.replace(/\d+/, '<n>')}`));
/** All code of a build: its entry only names what it loads. */
async function built(name: string): Promise<string> {
  const dist = join(functions, name, 'dist');
  const files = (await readdir(dist)).filter((file) => file.endsWith('.mjs')).sort();
  return (await Promise.all(files.map((file) => readFile(join(dist, file), 'utf8')))).join('\n');
}
const fault = () =>
  sources()
    .build()
    .then(
      () => undefined,
      (error: unknown) => error as Error,
    );

test('whatever is a function is watched with its page, and so is what all of them share', async () => {
  await writeFunction('one');
  await write('one/page/page.html');
  await write('two/func.yaml', 'name: two\n');
  await write('two/src/index.ts');
  await write('half/src/index.ts');
  await write('empty/func.yaml', 'name: empty\n');
  await write('empty/src/other.ts');
  expect(await sources().folders()).toEqual([
    join(repository, 'packages/shared/src'),
    ...['one/src', 'one/page', 'two/src'].map((path) => join(functions, path)),
  ]);
});

test('what was never built is built, and then only what has changed', async () => {
  await writeFunction('one');
  await writeFunction('two');
  // What another tool made says nothing about its sources.
  await write('two/dist/package.json', '{}');
  await write('nameless/func.yaml', 'runtime: typescript\n');
  await write('nameless/src/main.ts');
  await sources().build();
  expect(lines).toEqual(['one was built in <n> ms', 'two was built in <n> ms']);
  await sources().build();
  expect(lines).toHaveLength(2);
  await writeFunction('two', 'console.log("good-bye");\n');
  await sources().build();
  expect(lines.slice(2)).toEqual(['two was built in <n> ms']);
  expect(await built('two')).toContain('good-bye');
});

test('each mistake is told with file and line; the others are built, and the build that was there stays', async () => {
  await writeFunction('bad');
  await writeFunction('good');
  await writeFunction('worse');
  await sources().build();
  await writeFunction('bad', 'const side: = 8;\nconst top: = 8;\n');
  await writeFunction('good', 'console.log("better");\n');
  await writeFunction('worse', 'import "./nowhere.ts";\n');
  lines = [];
  const error = await fault();
  expect(error).toBeInstanceOf(CannotStart);
  const told = error!.message.split('\n');
  expect(told[0]).toMatch(/^\.functions-\w+\/bad\/src\/main\.ts:1:13: \S/);
  expect(told.at(-1)).toMatch(/^ {2}\.functions-\w+\/worse\/src\/main\.ts:1:8: .*nowhere/);
  expect(lines).toEqual(['good was built in <n> ms']);
  expect([await built('bad'), await built('good')]).toEqual([
    expect.stringContaining('hello') as string,
    expect.stringContaining('better') as string,
  ]);
});

test('a folder that was copied is refused until it has names of its own, even if its build was copied along', async () => {
  await writeFunction('one');
  await sources().build();
  await write('two/func.yaml', 'specVersion: 0.36.0\nname: one\n');
  await write('two/package.json', '{ "name": "@darkroom/one" }');
  await write('two/src/main.ts', await readFile(join(functions, 'one/src/main.ts'), 'utf8'));
  for (const file of ['index.mjs', 'package.json', 'sources.json'])
    await write(`two/dist/${file}`, await readFile(join(functions, 'one/dist', file), 'utf8'));
  expect((await fault())?.message).toMatch(
    /^\S+two\/func\.yaml:2: its name is one, and that of its folder two\. Write name: two\.\n {2}\S+two\/package\.json: its name is @darkroom\/one\./,
  );
  await write('two/func.yaml', 'specVersion: 0.36.0\nname: two\n');
  await write('two/package.json', '{ "name": "@darkroom/two" }');
  expect(await fault()).toBeUndefined();
  expect(lines).toEqual(['one was built in <n> ms', 'two was built in <n> ms']);
});
