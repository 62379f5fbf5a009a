import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { photo } from '../../../shared/test/support/lab.ts';
import { type Darkroom, eventually, openDarkroom, repository, type Status } from './darkroom.ts';

/** It idles no longer than it has to. */
const quick = `apiVersion: serving.knative.dev/v1
kind: Service
metadata: { name: invert }
spec:
  template:
    metadata: { name: invert-v1, annotations: { autoscaling.knative.dev/window: 6s } }
    spec: { containers: [{ env: [] }] }
`;

let darkroom: Darkroom;
/** Inside the repository, where packages are found; the functions that exist are there by links, untouched. */
let functions: string;
beforeAll(async () => {
  functions = await mkdtemp(join(repository, '.functions-'));
  for (const name of ['ingest', 'grayscale', 'sepia', 'zip', 'notify', 'webhook', 'sweep'])
    await symlink(join(repository, 'functions', name), join(functions, name));
  darkroom = await openDarkroom({ FUNCTIONS_DIR: functions }, { words: ['--scale-to-zero'] });
});
afterAll(async () => {
  await darkroom.close();
  await rm(functions, { recursive: true, force: true });
});

const says = (text: string) => eventually(async () => darkroom.output().includes(text) || undefined);

/** Whether a print of a new photo shows each colour, or its opposite. */
async function isNegative(): Promise<boolean> {
  const original = await photo('png');
  const { job } = (await (await darkroom.post([{ name: 'a.png', bytes: original }], { tag: 'v3' })).json()) as Status;
  const status = await darkroom.finished(job);
  const print = await fetch(darkroom.url + status.images[0]!.results['invert']!.href!);
  const [before, after] = await Promise.all(
    [original, Buffer.from(await print.arrayBuffer())].map((bytes) => sharp(bytes).removeAlpha().raw().toBuffer()),
  );
  if (after!.equals(before!)) return false;
  expect(after!.every((value, index) => value === 255 - before![index]!)).toBe(true);
  return true;
}

test('npm start -- --scale-to-zero: code that is saved while its function has no process is what the next photo starts', async () => {
  const environment = { ...process.env, FUNCTIONS_DIR: functions, CONFIG_DIR: join(darkroom.folder, 'config') };
  expect(spawnSync(process.execPath, [join(repository, 'scripts/new.ts'), 'filter', 'invert'], { env: environment }).status).toBe(
    0,
  );
  await writeFile(join(darkroom.folder, 'config/invert.yaml'), quick);
  const versions = join(darkroom.folder, 'config/versions');
  const v2 = await readFile(join(versions, 'v2.yaml'), 'utf8');
  await writeFile(join(versions, 'v3.yaml'), v2.replaceAll('ingest-v2', 'ingest-v3').replace('grayscale,sepia', 'invert'));
  await darkroom.configure('versions/traffic.yaml', (before) => before.replace('ingest-v2, tag: v2', 'ingest-v3, tag: v3'));
  await says('ingest-v3 20 %');
  expect(await isNegative()).toBe(true);

  await says('invert-v1 scales from 1 to 0');
  const code = join(functions, 'invert/src/index.ts');
  await writeFile(code, (await readFile(code, 'utf8')).replace('image.invert()', 'image.invert().invert()'));
  await says('New code is in effect: invert');
  expect(await isNegative()).toBe(false);
});
