import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { photo } from '../../../shared/test/support/lab.ts';
import { type Darkroom, openDarkroom, repository, type Status } from './darkroom.ts';

const source = `import { filter } from '@darkroom/shared/filter';

/** The negative: each channel's distance from white. */
export const { init, handle, shutdown, liveness, readiness } = filter('invert', (image) => void image.invert());
`;
const trigger = `apiVersion: eventing.knative.dev/v1
kind: Trigger
metadata: { name: invert }
spec:
  broker: default
  filter: { attributes: { type: dev.darkroom.image.uploaded, invert: 'true' } }
  subscriber: { ref: { apiVersion: serving.knative.dev/v1, kind: Service, name: invert } }
`;

let darkroom: Darkroom;
/** Inside the repository, where packages are found; the functions that exist are there by links, untouched. */
let functions: string;
beforeAll(async () => {
  functions = await mkdtemp(join(repository, '.functions-'));
  for (const name of ['ingest', 'grayscale', 'sepia', 'zip', 'notify', 'webhook', 'sweep'])
    await symlink(join(repository, 'functions', name), join(functions, name));
  const invert = join(functions, 'invert');
  await mkdir(join(invert, 'src'), { recursive: true });
  const manifest = await readFile(join(repository, 'functions/sepia/func.yaml'), 'utf8');
  await writeFile(join(invert, 'func.yaml'), manifest.replace('name: sepia', 'name: invert'));
  await writeFile(join(invert, 'src/index.ts'), source);
  execFileSync(process.execPath, [join(repository, 'scripts/bundle.ts')], { cwd: invert });
  darkroom = await openDarkroom({ FUNCTIONS_DIR: functions });
});
afterAll(async () => {
  await darkroom.close();
  await rm(functions, { recursive: true, force: true });
});

test('a folder, a Trigger and a revision that names it add a filter to prints, archive and mail', async () => {
  await writeFile(join(darkroom.folder, 'config/invert.yaml'), trigger);
  const versions = join(darkroom.folder, 'config/versions');
  const v2 = await readFile(join(versions, 'v2.yaml'), 'utf8');
  await writeFile(
    join(versions, 'v3.yaml'),
    v2.replaceAll('ingest-v2', 'ingest-v3').replace('grayscale,sepia', 'grayscale,sepia,invert'),
  );
  await darkroom.configure('versions/traffic.yaml', (text) =>
    text.replace(/revisionName: ingest-v2, tag: v2/, 'revisionName: ingest-v3, tag: v3'),
  );
  const original = await photo('png');
  let answer: Response;
  do answer = await darkroom.post([{ name: 'a.png', bytes: original }], { tag: 'v3' });
  while (answer.headers.get('x-darkroom-revision') !== 'ingest-v3');
  const { job } = (await answer.json()) as Status;
  const status = await darkroom.finished(job);
  expect(status.filters).toEqual(['grayscale', 'sepia', 'invert']);

  const print = await fetch(darkroom.url + status.images[0]!.results['invert']!.href!);
  const [before, after] = await Promise.all(
    [original, Buffer.from(await print.arrayBuffer())].map((bytes) => sharp(bytes).removeAlpha().raw().toBuffer()),
  );
  expect(after!.every((value, index) => value === 255 - before![index]!)).toBe(true);

  const [mail] = await darkroom.mailsOf(job);
  expect(Object.keys(unzipSync(await darkroom.attachment(mail!, 'darkroom-prints.zip')))).toContain('invert/a.png');
  expect(source.split('\n').length).toBeLessThanOrEqual(15);
});
