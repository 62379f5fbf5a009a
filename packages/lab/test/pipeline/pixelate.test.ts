import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { keys } from '@darkroom/shared/job/keys';
import { unzipSync } from 'fflate';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { photo } from '../../../shared/test/support/lab.ts';
import { browserPath, openBrowser, readPixels } from './browser.ts';
import { type Darkroom, eventually, openDarkroom, repository, type Status } from './darkroom.ts';

/** Each square of 8 by 8 pixels becomes its first one. */
const source = `import { filter } from '@darkroom/shared/filter';

export const { init, handle, shutdown, liveness, readiness } = filter((image) => {
  image.scan((x, y, index) => image.bitmap.data.copyWithin(index, image.getPixelIndex(x - (x % 8), y - (y % 8)), image.getPixelIndex(x - (x % 8), y - (y % 8)) + 4));
});
`;

const hasKubectl = spawnSync('kubectl', ['version', '--client']).status === 0;

let darkroom: Darkroom;
/** Inside the repository, where packages are found; the functions that exist are there by links, untouched. */
let functions: string;
let code: string;
beforeAll(async () => {
  functions = await mkdtemp(join(repository, '.functions-'));
  code = join(functions, 'pixelate/src/index.ts');
  for (const name of ['ingest', 'grayscale', 'sepia', 'zip', 'notify', 'webhook', 'sweep'])
    await symlink(join(repository, 'functions', name), join(functions, name));
  darkroom = await openDarkroom({ FUNCTIONS_DIR: functions });
});
afterAll(async () => {
  await darkroom.close();
  await rm(functions, { recursive: true, force: true });
});

const says = (text: string | RegExp) => eventually(async () => (darkroom.output().match(text) ? true : undefined));

/** Writes the code, and waits until it is in effect. @returns when it was saved */
async function save(text: string): Promise<number> {
  const inEffect = () => darkroom.output().split('New code is in effect: pixelate').length;
  const before = inEffect();
  await writeFile(code, text);
  const saved = performance.now();
  await eventually(async () => inEffect() > before || undefined);
  return saved;
}

/** The pixels of a print of a new photo, and those of the photo. */
async function develop(): Promise<{ before: Buffer; after: Buffer; width: number }> {
  const original = await photo('png');
  const answer = await darkroom.post([{ name: 'a.png', bytes: original }], { tag: 'v3' });
  expect(answer.headers.get('x-darkroom-revision')).toBe('ingest-v3');
  const status = await darkroom.finished(((await answer.json()) as Status).job);
  const print = await fetch(darkroom.url + status.images[0]!.results['pixelate']!.href!);
  const [before, after] = await Promise.all(
    [original, Buffer.from(await print.arrayBuffer())].map((bytes) => sharp(bytes).removeAlpha().raw().toBuffer()),
  );
  return { before: before!, after: after!, width: 64 };
}

test('npm run new while it runs: the filter works at once', async () => {
  const environment = { ...process.env, FUNCTIONS_DIR: functions, CONFIG_DIR: join(darkroom.folder, 'config') };
  const made = spawnSync(process.execPath, [join(repository, 'scripts/new.ts'), 'filter', 'pixelate'], { env: environment });
  expect(made.status).toBe(0);
  const versions = join(darkroom.folder, 'config/versions');
  const v2 = await readFile(join(versions, 'v2.yaml'), 'utf8');
  await writeFile(join(versions, 'v3.yaml'), v2.replaceAll('ingest-v2', 'ingest-v3').replace('grayscale,sepia', 'pixelate'));
  await darkroom.configure('versions/traffic.yaml', (text) =>
    text.replace('percent: 80', 'percent: 0').replace(/ingest-v2, tag: v2, percent: 20/, 'ingest-v3, tag: v3, percent: 100'),
  );
  await says('ingest-v3 100 %');
  const { before, after } = await develop();
  expect(after.every((value, index) => value === 255 - before[index]!)).toBe(true);
});

test('its code is written and saved: the next photo goes through it', async () => {
  const saved = await save(source);
  console.log(`saved, built and in effect after ${Math.round(performance.now() - saved)} ms`);
  const { before, after, width } = await develop();
  console.log(`saved, and a print served after ${Math.round(performance.now() - saved)} ms`);
  const square = (index: number) => {
    const [x, y, channel] = [Math.floor(index / 3) % width, Math.floor(index / 3 / width), index % 3];
    return ((y - (y % 8)) * width + x - (x % 8)) * 3 + channel;
  };
  expect(after.every((value, index) => value === before[square(index)])).toBe(true);
});

test.skipIf(!browserPath)(
  'its print hangs on the page in a real browser, under its name (skipped without Chromium)',
  async () => {
    const browser = await openBrowser();
    onTestFinished(() => browser.close());
    const page = await browser.newPage();
    page.setDefaultTimeout(0);
    await page.goto(darkroom.url);
    expect(await page.textContent('header')).toContain('pixelate');

    const saved = await save(source.replaceAll('% 8', '% 16'));
    const original = await photo('png');
    await page.setInputFiles('#file', { name: 'a.png', mimeType: 'image/png', buffer: original });
    await page.fill('#email', 'person@example.com');
    await page.click('#send');
    const print = page.locator('[data-filter="pixelate"][data-status="succeeded"]');
    await print.locator('img').scrollIntoViewIfNeeded();
    const shown = await page.evaluate<number[]>(`(${readPixels})(document.querySelector('[data-filter="pixelate"] img'))`);
    console.log(`saved, and a print seen on the page after ${Math.round(performance.now() - saved)} ms`);

    expect(await print.locator('figcaption b').textContent()).toBe('pixelate');
    const pixels = await sharp(original).ensureAlpha().raw().toBuffer();
    const first = (index: number) => {
      const [x, y] = [Math.floor(index / 4) % 64, Math.floor(index / 4 / 64)];
      return ((y - (y % 16)) * 64 + x - (x % 16)) * 4 + (index % 4);
    };
    expect(shown).toHaveLength(pixels.length);
    expect(shown.every((value, index) => value === pixels[first(index)])).toBe(true);
  },
);

test('code that does not build is told with file and line, and the old one goes on', async () => {
  await writeFile(code, source.replace('(image) => {', '(image) => { const side: = 8;'));
  await says(/A source changed, and what ran before goes on\. \S*pixelate\/src\/index\.ts:3:\d+: /);
  expect((await develop()).after).toHaveLength(64 * 48 * 3);
  await save(source.replaceAll('% 8', '% 4'));
  const { before, after, width } = await develop();
  expect(after.subarray(0, 3)).toEqual(before.subarray(0, 3));
  expect(after.subarray(4 * 3, 5 * 3)).toEqual(before.subarray(4 * 3, 5 * 3));
  expect(after.subarray(width * 3, width * 3 + 3)).toEqual(before.subarray(0, 3));
});

test('a person chooses for the filter: refused when wrong, and told in job.json, status, manifest.json and on the page', async () => {
  const option = { type: 'integer', minimum: 1, maximum: 64, default: 8 };
  await writeFile(join(functions, 'pixelate/option.json'), JSON.stringify(option));
  const choosing = source
    .replace('\n\n', "\nimport option from '../option.json' with { type: 'json' };\n\n")
    .replace('(image) => {', '(image, side = 8) => {')
    .replaceAll('% 8', '% Number(side)')
    .replace(/\}\);\n$/, '}, option);\n');
  await save(choosing);

  const versions = join(darkroom.folder, 'config/versions');
  const v3 = await readFile(join(versions, 'v3.yaml'), 'utf8');
  const variable = `\n            - { name: OPTIONS, value: '${JSON.stringify({ pixelate: option })}' }\n`;
  await writeFile(join(versions, 'v4.yaml'), `${v3.replaceAll('ingest-v3', 'ingest-v4').trimEnd()}${variable}`);
  await darkroom.configure('versions/traffic.yaml', (text) => `${text}    - { revisionName: ingest-v4, tag: v4, percent: 0 }\n`);
  await says('ingest-v4 0 %');

  const original = await photo('png');
  const post = (side: string) => darkroom.post([{ name: 'a.png', bytes: original }], { tag: 'v4', fields: { pixelate: side } });
  const wrong = await post('0');
  expect(wrong.status).toBe(400);
  expect(((await wrong.json()) as { detail: string }).detail).toContain('“pixelate” must be a whole number from 1 to 64.');
  const { job } = (await (await post('2')).json()) as Status;
  const status = (await darkroom.finished(job)) as Status & { options: object };
  expect(status.options).toEqual({ filters: { pixelate: 2 } });
  const print = await fetch(darkroom.url + status.images[0]!.results['pixelate']!.href!);
  const after = await sharp(Buffer.from(await print.arrayBuffer()))
    .removeAlpha()
    .raw()
    .toBuffer();
  const before = await sharp(original).removeAlpha().raw().toBuffer();
  expect(after.subarray(3, 9)).toEqual(Buffer.concat([before.subarray(0, 3), before.subarray(6, 9)]));
  const archive = await fetch(darkroom.url + status.archiveFile!.href);
  const { 'manifest.json': manifest } = unzipSync(new Uint8Array(await archive.arrayBuffer()));
  expect(JSON.parse(Buffer.from(manifest!).toString())).toMatchObject({ options: { filters: { pixelate: 2 } } });
  const accepted = JSON.parse(await readFile(join(darkroom.folder, 'data/store', keys.job(job)), 'utf8')) as object;
  expect(accepted).toMatchObject({ options: { filters: { pixelate: 2 } } });
  if (!browserPath) return;
  const browser = await openBrowser();
  onTestFinished(() => browser.close());
  const page = await browser.newPage();
  page.setDefaultTimeout(0);
  await page.goto(`${darkroom.url}/?job=${job}`);
  expect(await page.locator('[data-filter="pixelate"][data-status="succeeded"] figcaption b').textContent()).toBe('pixelate 2');
});

test.skipIf(!hasKubectl)(
  'what kubectl changes takes effect while code is saved, and while it does not build (skipped without kubectl)',
  async () => {
    const split = (v1: number) =>
      `{"spec":{"traffic":[{"revisionName":"ingest-v1","tag":"v1","percent":${v1}},{"revisionName":"ingest-v3","tag":"v3","percent":${100 - v1}}]}}`;
    const patch = async (v1: number) => {
      const words = ['patch', 'ksvc', 'ingest', '--type', 'merge', '-p', split(v1)];
      const environment = { ...process.env, KUBECONFIG: join(darkroom.folder, 'data/kubeconfig') };
      const { stdout } = await promisify(execFile)('kubectl', words, { env: environment });
      expect(stdout).toContain('ingest patched');
    };
    const squares = async () => (await develop()).after.subarray(0, 64 * 3).toString('hex');
    await Promise.all([save(source), ...[10, 20, 30, 40].map(patch)]);
    await patch(50);
    const ofEight = await squares();
    await writeFile(code, 'no code');
    await Promise.all([60, 70].map(patch));
    await eventually(async () => /A source changed[^\n]*pixelate\/src\/index\.ts:1:/.test(darkroom.output()) || undefined);
    await patch(80);
    expect(await squares()).toBe(ofEight);
    await Promise.all([save(source.replaceAll('% 8', '% 4')), patch(0)]);
    expect(await squares()).not.toBe(ofEight);
  },
);
