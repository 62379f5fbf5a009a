import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect, onTestFinished, test } from 'vitest';
import { type Bench, formOf, openBench } from './support.ts';

const bytes = await readFile(join(import.meta.dirname, '../../../packages/shared/test/images/heic/orientation-6.heic'));

/** As it is deployed, with processes of its own. */
async function open(environment: Record<string, string>): Promise<Bench> {
  const bench = await openBench(environment);
  onTestFinished(() => bench.close());
  return bench;
}

const post = ({ ingest }: Bench) => fetch(ingest.url, { method: 'POST', body: formOf(['file', { name: 'IMG_1.HEIC', bytes }]) });
const accepted = async ({ ingest }: Bench) => /accept="([^"]*)"/.exec(await (await fetch(ingest.url)).text())![1]!.split(',');

test('HEIC=true: a photo is accepted, upright, and shown as a small copy', async () => {
  const bench = await open({ HEIC: 'true' });
  expect(await accepted(bench)).toEqual(expect.arrayContaining(['image/jpeg', 'image/heic', '.heic']));
  const answer = await post(bench);
  expect(answer.status).toBe(202);
  const { job, images } = (await answer.json()) as { job: string; images: object[] };
  expect(images).toMatchObject([{ type: 'image/heic', width: 64, height: 96 }]);
  const small = await fetch(`${bench.ingest.url}/jobs/${job}/1/original.heic?width=320`);
  const shown = sharp(Buffer.from(await small.arrayBuffer()));
  expect(await shown.metadata()).toMatchObject({ format: 'webp', width: 64, height: 96 });
});

test('otherwise the page does not ask for it, so that iOS sends JPEG, and the refusal says what to do', async () => {
  const bench = await open({});
  expect((await accepted(bench)).filter((type) => /hei[cf]/.test(type))).toEqual([]);
  const answer = await post(bench);
  expect(answer.status).toBe(415);
  expect(((await answer.json()) as { detail: string }).detail).toMatch(/HEIC photo.*Most Compatible, or send it as JPEG\./);
});
