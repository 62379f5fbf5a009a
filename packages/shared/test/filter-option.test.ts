import { execFileSync } from 'node:child_process';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { imageUploaded } from '@darkroom/shared/events';
import { readReason } from '@darkroom/shared/job';
import { keys } from '@darkroom/shared/job/keys';
import { readBytes } from '@darkroom/shared/store';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { filter } from '../src/filter/filter.ts';
import { type RunningFunction, startFunction } from './support/function.ts';
import { type Lab, openLab } from './support/lab.ts';

const repository = resolve(import.meta.dirname, '../../..');
const option = { type: 'integer', minimum: 0, maximum: 200, default: 7 };
/** Fills the photo with one grey. */
const source = `import { filter } from '@darkroom/shared/filter';
import option from '../option.json' with { type: 'json' };

export const { init, handle, shutdown, liveness, readiness } = filter(({ bitmap }, grey) => void bitmap.data.fill(Number(grey)), option);
`;

let lab: Lab;
let folder: string;
let fill: RunningFunction;
beforeAll(async () => {
  folder = await mkdtemp(join(repository, '.functions-'));
  const own = join(folder, 'fill');
  await cp(join(repository, 'templates/typescript/filter'), own, { recursive: true });
  await writeFile(join(own, 'option.json'), JSON.stringify(option));
  await writeFile(join(own, 'src/index.ts'), source);
  // “filter” itself is reserved.
  await writeFile(join(own, 'func.yaml'), 'name: fill\n');
  execFileSync(process.execPath, [join(repository, 'scripts/bundle.ts')], { cwd: own });
  lab = await openLab();
  fill = await startFunction(own, lab.environment);
});
afterAll(async () => {
  await fill.stop();
  await lab.close();
  await rm(folder, { recursive: true });
});

/** One grey of the print, or the reason why there is none. */
async function develop(filters?: Record<string, string | number | boolean>): Promise<number | string> {
  const options = { format: 'image/png', ...(filters && { filters }) } as const;
  const job = await lab.accept({ filters: ['fill'], options });
  const { reply } = await fill.deliver(imageUploaded(job, '1'));
  if (reply?.['outcome'] === 'rejected') return readReason(lab.store, job.job, '1', 'fill');
  const print = await readBytes(lab.store, keys.print(job, job.images[0]!, 'fill'));
  return (await sharp(print).raw().toBuffer())[0]!;
}

test('a filter gets what was chosen for it, and its default where nothing was', async () => {
  expect(await develop({ fill: 200, sepia: 3 })).toBe(200);
  expect(await develop({ sepia: 3 })).toBe(7);
  expect(await develop()).toBe(7);
});

test.each([201, -1, 1.5, '9', true])(
  'a choice that its version should not have let through (%j) is no print, with a reason',
  async (chosen) => {
    expect(await develop({ fill: chosen })).toBe('“fill” must be a whole number from 0 to 200.');
  },
);

test.each([{}, { type: 'integer', default: 'x' }, { type: 'colour' }, { type: 'integer', maximum: 1, default: 2 }, null])(
  'with %j as its option.json, a filter does not start',
  (content) => expect(() => filter('fill', () => undefined, content)).toThrow(/^option\.json: /),
);
