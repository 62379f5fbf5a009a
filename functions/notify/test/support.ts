import { stat, utimes } from 'node:fs/promises';
import { filterFinished } from '@darkroom/shared/events';
import type { Job } from '@darkroom/shared/job';
import { keys } from '@darkroom/shared/job/keys';
import { readJson } from '@darkroom/shared/store';
import type { Attachment } from '../src/attachments.ts';
import { type Lab, photo } from '../../../packages/shared/test/support/lab.ts';

/** A job of v1 whose prints are done. */
export async function printed(
  lab: Pick<Lab, 'store' | 'accept'>,
  changes: Partial<Job> & { names?: string[] } = {},
): Promise<Job> {
  const job = await lab.accept({ filters: ['grayscale'], archive: false, ...changes });
  for (const image of job.images) await lab.store.write(keys.print(job, image, 'grayscale'), await photo());
  return job;
}

/** The same, with a small copy of the print that the mail shows. */
export async function covered(...given: Parameters<typeof printed>): Promise<Job> {
  const job = await printed(...given);
  await given[0].store.write(keys.cover(job.job), Buffer.from('cover'));
  return job;
}

export const lastPrint = (job: Job) => filterFinished(job, '1', 'grayscale', 'succeeded');

export const completionOf = (lab: Pick<Lab, 'store'>, { job }: Job) => readJson(lab.store, keys.completed(job));

/** A file that travels with a mail; as from a store, it comes in chunks, each in the memory of the one before. */
export const attachment = (filename: string, type: string, content: Buffer, chunkBytes = 10_000): Attachment => ({
  filename,
  type,
  bytes: content.length,
  async *read() {
    const memory = Buffer.alloc(chunkBytes);
    for (let at = 0; at < content.length; at += chunkBytes) yield memory.subarray(0, content.copy(memory, 0, at));
  },
});

/** Settings of a notify that sends by SMTP. */
export const environment = (lab: Lab, smtpUrl: string) => ({
  ...lab.environment,
  SMTP_URL: smtpUrl,
  MAIL_FROM: 'Darkroom <lab@example.org>',
  PUBLIC_URL: 'http://photos.example.org',
});

/** Makes what is known of a job's mail as old as if `seconds` had passed: pauses are measured by the store. */
export async function age(lab: Lab, { job }: Job, seconds: number): Promise<void> {
  const file = new URL(`${lab.environment['STORE_URL']}/${keys.mail(job)}`);
  const { mtimeMs } = await stat(file);
  const time = mtimeMs / 1000 - seconds;
  await utimes(file, time, time);
}
