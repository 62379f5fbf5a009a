import { cp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { collected, tagged, text } from './client.ts';
import { finish, startReady } from './command.ts';
import { copyFixtures } from './folders.ts';
import { childrenOf } from './processes.ts';

async function change(path: string, from: string, to: string): Promise<void> {
  const before = await readFile(path, 'utf8');
  expect(before).toContain(from);
  await writeFile(path, before.replace(from, to));
}

test('follows changes to the manifests; a mistake leaves the wiring as it was', async () => {
  const folder = await copyFixtures();
  const runtime = await startReady(folder);
  const who = (tag: string) => fetch(runtime.url, tagged(tag)).then((response) => response.headers.get('x-revision'));
  const ingest = join(folder, 'config/ingest.yaml');

  await change(ingest, 'revisionName: ingest-v1, tag: v1, percent: 50', 'revisionName: ingest-v1, tag: v1, percent: 40');
  await expect
    .poll(() => runtime.output())
    .toMatch(/stays as it was.*\n.*ingest\.yaml:\d+: Service ingest: spec\.traffic: the percentages add up to 90/);
  expect(await who('v2')).toBe('ingest-v2');

  await change(ingest, 'tag: v2, percent: 50', 'tag: candidate, percent: 60');
  await expect.poll(() => who('candidate')).toBe('ingest-v2');

  // A third revision, and the first one gone.
  await writeFile(
    ingest,
    (await readFile(ingest, 'utf8')).replaceAll('ingest-v1', 'ingest-v3').replace('value: one', 'value: three'),
  );
  await expect.poll(() => who('v1')).toBe('ingest-v3');
  await expect.poll(() => childrenOf(runtime.process.pid!)).toHaveLength(4);

  await change(join(folder, 'config/wiring.yaml'), 'type: test.finished', 'type: test.published');
  const published = async () => {
    await text(`${runtime.url}/publish`, { method: 'POST' });
    return (await collected(folder)).map(({ headers }) => headers['ce-type']);
  };
  await expect.poll(published).toContain('test.published');
  expect(await finish(runtime)).toBe(0);
});

test('adds a stage while it runs: a function and a Trigger', async () => {
  const folder = await copyFixtures();
  const runtime = await startReady(folder);
  const added = (name: string) =>
    `---\napiVersion: eventing.knative.dev/v1\nkind: Trigger\nmetadata: { name: ${name} }\nspec:\n  broker: default\n  filter: { attributes: { type: test.published } }\n  subscriber: { ref: { kind: Service, name: ${name} } }\n`;
  const wiring = join(folder, 'config/wiring.yaml');
  const before = await readFile(wiring, 'utf8');
  await cp(join(folder, 'functions/collector'), join(folder, 'functions/another'), { recursive: true });
  await change(join(folder, 'functions/another/func.yaml'), 'name: collector', 'name: another');

  // One that does not start changes nothing.
  const program = join(folder, 'functions/another/dist/index.mjs');
  const good = await readFile(program, 'utf8');
  await writeFile(program, 'process.exit(9);');
  await writeFile(wiring, before + added('another'));
  await expect.poll(() => runtime.output()).toMatch(/stays as it was\. another ended with exit code 9 before it was ready/);
  expect((await fetch(`${runtime.url}/health/readiness`)).status).toBe(200);

  await writeFile(program, good);
  await writeFile(wiring, `${before}${added('another')}# Once more.\n`);
  const published = async () => {
    await text(`${runtime.url}/publish`, { method: 'POST' });
    return (await collected(folder)).map(({ headers }) => headers['ce-type']);
  };
  await expect.poll(published).toContain('test.published');
});

test('new code is put in the place of the old; code that does not start leaves the old one running', async () => {
  const folder = await copyFixtures();
  const runtime = await startReady(folder);
  const kinds = async () => {
    await text(`${runtime.url}/publish`, { method: 'POST' });
    return (await collected(folder)).map(({ headers }) => headers['ce-type']);
  };
  const program = join(folder, 'functions/stage/dist/index.mjs');
  const good = await readFile(program, 'utf8');
  await expect.poll(kinds).toContain('test.finished');

  // As an editor saves, and then as a build that makes its folder anew.
  await writeFile(program, good.replace('test.finished', 'test.saved'));
  await expect.poll(() => runtime.output()).toContain('New code is in effect: stage');
  await writeFile(program, 'process.exit(9);');
  await expect.poll(() => runtime.output()).toMatch(/stays as it was\. stage ended with exit code 9 before it was ready/);
  expect((await fetch(`${runtime.url}/health/readiness`)).status).toBe(200);
  const dist = join(folder, 'functions/stage/dist');
  await cp(dist, `${dist}-next`, { recursive: true });
  await writeFile(join(`${dist}-next`, 'index.mjs'), good.replace('test.finished', 'test.rebuilt'));
  await rm(dist, { recursive: true });
  await rename(`${dist}-next`, dist);
  await expect.poll(() => runtime.output().split('New code is in effect: stage')).toHaveLength(3);
  await writeFile(program, good.replace('test.finished', 'test.again'));
  await expect.poll(() => runtime.output().split('New code is in effect: stage')).toHaveLength(4);
});
