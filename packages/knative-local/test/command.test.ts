import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { tagged, text } from './client.ts';
import { type Command, finish, readyCommand, runCommand } from './command.ts';
import { buildProject, makeFolder } from './folders.ts';

const home = join(import.meta.dirname, '..');

let project: string;
/** Where the command keeps its temporary files. */
let temporary: string;
let command: Command & { url: string };
beforeAll(async () => {
  project = await buildProject();
  temporary = await mkdtemp(join(home, '.project-'));
  command = await readyCommand(project, { TMPDIR: temporary });
});
afterAll(async () => {
  await finish(command);
  for (const folder of [project, temporary]) await rm(folder, { recursive: true, force: true });
});

test('the only function invoked by HTTP is public, and two revisions share its traffic', async () => {
  expect(await text(command.url, tagged('v1'))).toBe('Hello, you');
  expect(await text(command.url, tagged('v2'))).toBe('Welcome, you');
  const answers = await Promise.all(Array.from({ length: 400 }, () => text(command.url)));
  // Five standard deviations of a share of 30 % to either side.
  const welcomes = answers.filter((answer) => answer.startsWith('Welcome')).length;
  expect(welcomes).toBeGreaterThan(74);
  expect(welcomes).toBeLessThan(166);
});

test('the Broker takes an event to one function and its reply to the next: one in TypeScript, one in JavaScript', async () => {
  const order = { method: 'POST', body: '{"name":"Ada"}' };
  const headers = { ...tagged('v2').headers, 'content-type': 'application/json' };
  expect((await fetch(command.url, { ...order, headers })).status).toBe(202);
  await expect.poll(() => command.output()).toMatch(/ tally +number 1: WELCOME, ADA\n/);
});

test('a revision without requests has no process, and the next request waits for one; with --scale-out, the log has each step', async () => {
  const copy = await mkdtemp(join(home, '.project-'));
  onTestFinished(() => rm(copy, { recursive: true, force: true }));
  await cp(project, copy, { recursive: true });
  const path = join(copy, 'config/hello.yaml');
  const named = (await readFile(path, 'utf8')).replaceAll(
    /name: (hello-v\d) }/g,
    'name: $1, annotations: { autoscaling.knative.dev/window: 6s } }',
  );
  await writeFile(path, named);
  const other = await readyCommand(copy, { TMPDIR: temporary }, ['--scale-out']);
  onTestFinished(async () => void (await finish(other)));
  await expect.poll(() => other.output()).toMatch(/hello-v1 scales from 1 to 0\n/);
  expect(await text(other.url, tagged('v1'))).toBe('Hello, you');
  expect(other.output()).toMatch(/hello-v1 scales from 0 to 1\n/);
});

test('Ctrl-C ends it and leaves no file behind', async () => {
  const other = await readyCommand(project, { TMPDIR: temporary });
  expect((await readdir(temporary)).filter((name) => name.startsWith('knative-local-')).length).toBe(2);
  expect(await finish(other)).toBe(0);
  expect((await readdir(temporary)).filter((name) => name.startsWith('knative-local-')).length).toBe(1);
});

const ending = async (words: string[]) => {
  const run = runCommand(words, { TMPDIR: temporary });
  expect(await run.ended).toBe(1);
  return run.output();
};
const folders = (config: string, functions: string) => ['--config', config, '--functions', functions, '--port', '0'];

test('reports an unknown or senseless option, and how to use the command', async () => {
  expect(await ending(['--folder', 'x'])).toMatch(/'--folder'.*\nUsage: knative-local \[--config DIR\]/);
  expect(await ending(['--port', 'http'])).toMatch(/^--port must be a whole number from 0 to 65535\.\nUsage: /);
  expect(await ending(['--config', '/nowhere'])).toBe('/nowhere does not exist. Set --config to the folder of manifests.\n');
});

test('reports a missing or ambiguous service, and lists those there are', async () => {
  const [config, functions] = ['config', 'functions'].map((name) => join(project, name)) as [string, string];
  expect(await ending([...folders(config, functions), '--service', 'goodbye'])).toBe(
    'There is no service goodbye; there is hello, shout, tally. Choose with --service.\n',
  );
  const noneConfig = await makeFolder();
  const events = await makeFolder();
  await cp(join(functions, 'shout/func.yaml'), join(events, 'shout/func.yaml'), { recursive: true });
  expect(await ending(folders(noneConfig, events))).toContain('shout/package.json is missing. Run npm run build');
  await writeFile(join(events, 'shout/package.json'), '{ "scripts": { "start": "node index.js" } }');
  await writeFile(join(events, 'shout/index.js'), '');
  expect(await ending(folders(noneConfig, events))).toBe(
    'No function is invoked by HTTP. Say which is public; there is shout. Choose with --service.\n',
  );
});

test('reports a taken port, and how to choose another', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void other.close());
  const { port } = other.address() as { port: number };
  const words = ['--config', join(project, 'config'), '--functions', join(project, 'functions'), '--port', String(port)];
  expect(await ending(words)).toBe(
    `Port ${port} is taken by another program. Stop it, or choose another: --port ${port < 65_535 ? port + 1 : port - 1}\n`,
  );
});

test('says what to do about a function that is not built, not installed, or has no usable start script', async () => {
  const functions = await makeFolder();
  await cp(join(project, 'functions/hello'), join(functions, 'hello'), { recursive: true });
  await rm(join(functions, 'hello/build'), { recursive: true });
  const output = await ending(folders(join(project, 'config'), functions));
  expect(output).toContain(
    `${functions}/hello/build/index.js is missing. Run npm run build in ${functions}/hello, and start again.`,
  );
  expect(output).toContain(`hello/package.json: faas-js-runtime is not installed. Run npm install in ${functions}/hello`);
  const path = join(functions, 'hello/package.json');
  await writeFile(path, (await readFile(path, 'utf8')).replace('faas-js-runtime ./build', 'cd x && node ./build'));
  expect(await ending(folders(join(project, 'config'), functions))).toContain(
    'scripts.start must have the form "node [flags] <file>"',
  );
});
