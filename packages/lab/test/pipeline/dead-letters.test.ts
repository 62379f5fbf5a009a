import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { imageUploaded } from '@darkroom/shared/events';
import { type Job, readJob } from '@darkroom/shared/job';
import { keys } from '@darkroom/shared/job/keys';
import { json } from '@darkroom/shared/store';
import { openStore } from '@darkroom/shared/store/open';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { photo } from '../../../shared/test/support/lab.ts';
import { type Darkroom, openDarkroom, repository, type Status } from './darkroom.ts';

let darkroom: Darkroom;
beforeAll(async () => {
  darkroom = await openDarkroom();
});
afterAll(() => darkroom.close());

const command = async (...words: string[]) => {
  const script = join(repository, 'packages/lab/src/dead-letters.ts');
  const environment = { PATH: process.env['PATH'], DATA_DIR: join(darkroom.folder, 'data') };
  return (await promisify(execFile)(process.execPath, [script, ...words], { env: environment })).stdout;
};

test.each(['sepia', 'unknown'])(
  'a print that was given up is listed with its reason, and a replay of the dead letter for %s makes it after all',
  async (stage) => {
    const answer = await darkroom.post([{ name: 'a.jpg', bytes: await photo() }], { tag: 'v2' });
    const { job } = (await answer.json()) as Status;
    await darkroom.finished(job);

    // As sweep leaves it when sepia has failed too often: a rejected print, and the dead letter.
    const store = openStore(`file:${darkroom.folder}/data/store`);
    const accepted = (await readJob(store, job)) as Job;
    await store.remove(keys.print(accepted, accepted.images[0]!, 'sepia'));
    await store.write(keys.rejection(job, '1', 'sepia'), json({ reason: 'The sepia stage failed.' }));
    const { type, source, id } = imageUploaded(accepted, '1');
    const event = { type, source, id, job, image: '1', grayscale: 'true', sepia: 'true', archive: 'true' };
    await store.write(keys.dead(job, '1', stage), json({ event, stage, code: '500', reason: 'out of memory', count: 3, at: '' }));

    expect(await command()).toMatch(
      new RegExp(`${job}\\.1\\.${stage}\\n.*image\\.uploaded to ${stage}, 3 times.*500 "out of memory"`),
    );
    expect(await command('replay', `${job}.1.${stage}`)).toContain('sent again');
    expect(await darkroom.finished(job)).toMatchObject({
      status: 'completed',
      images: [{ results: { sepia: { status: 'succeeded' } } }],
    });
    expect(await darkroom.mailsOf(job)).toHaveLength(2);
    expect(await command()).toContain('no dead letters');
  },
);
