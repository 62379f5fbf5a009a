import { basename, resolve } from 'node:path';
import { imageUploaded } from '@darkroom/shared/events';
import { keys } from '@darkroom/shared/job/keys';
import { readBytes } from '@darkroom/shared/store';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RunningFunction, startFunction } from '../../../packages/shared/test/support/function.ts';
import { acceptJob } from '../../../packages/shared/test/support/job.ts';
import { type Lab, openLab, photo } from '../../../packages/shared/test/support/lab.ts';

const folder = resolve(import.meta.dirname, '..');
const name = basename(folder);
const size = { width: 64, height: 48 };
let lab: Lab;
let running: RunningFunction;
beforeAll(async () => {
  lab = await openLab();
  running = await startFunction(folder, lab.environment);
});
afterAll(async () => {
  await running.stop();
  await lab.close();
});

test('a print has the pixels that another program makes of the same photo', async () => {
  const original = await photo('png', size);
  const image = { image: '1', name: 'photo.png', type: 'image/png', bytes: original.length, ...size } as const;
  const job = await acceptJob(lab.store, original, { filters: [name], images: [image] });
  const { reply } = await running.deliver(imageUploaded(job, '1'));
  expect(reply).toMatchObject({ filter: name, outcome: 'succeeded' });
  const print = (await readBytes(lab.store, keys.print(job, image, name)))!;
  const expected = sharp(original).negate({ alpha: false });
  expect(await sharp(print).removeAlpha().raw().toBuffer()).toEqual(await expected.removeAlpha().raw().toBuffer());
});
