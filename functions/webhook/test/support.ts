import { stat, utimes } from 'node:fs/promises';
import { jobCompleted } from '@darkroom/shared/events';
import type { Completion, Job } from '@darkroom/shared/job';
import { keys } from '@darkroom/shared/job/keys';
import { json, readJson } from '@darkroom/shared/store';
import type { Lab } from '../../../packages/shared/test/support/lab.ts';

export const secret = `whsec_${Buffer.from('a secret of at least 24 bytes').toString('base64')}`;

const completion: Completion = { status: 'completed', completedAt: '2026-07-01T12:00:00.000Z', mail: 'none' };

type Shelf = Pick<Lab, 'store' | 'accept'>;

/** A job that awaits its webhook, as ingest leaves it. */
export async function awaited(lab: Shelf, notifyUrl: string, changes: Partial<Job> & { names?: string[] } = {}): Promise<Job> {
  const job = await lab.accept({ names: [], notifyUrl, ...changes });
  await lab.store.write(keys.due(job.job), json({}));
  return job;
}

/** The same, once notify is done with it. */
export async function ended(lab: Shelf, notifyUrl: string, changes: Partial<Job> & { names?: string[] } = {}): Promise<Job> {
  const job = await awaited(lab, notifyUrl, changes);
  await lab.store.write(keys.completed(job.job), json(completion));
  await lab.store.remove(keys.open(job.job));
  return job;
}

export const endOf = (job: Job) => jobCompleted(job, 'completed');
export const webhookEndOf = ({ store }: Pick<Lab, 'store'>, { job }: Job) => readJson(store, keys.webhookEnd(job));
export const recordOf = ({ store }: Pick<Lab, 'store'>, { job }: Job) => readJson(store, keys.due(job));

/** Settings of a webhook that may call this machine. */
export const environment = (lab: Lab): Record<string, string> => ({
  ...lab.environment,
  PUBLIC_URL: 'https://photos.example.org',
  WEBHOOKS: 'http',
  WEBHOOK_NETWORKS: '127.0.0.0/8',
  WEBHOOK_SECRET: secret,
});

/** Makes what is known of a job's webhook as old as if `seconds` had passed: pauses are measured by the store. */
export async function age(lab: Lab, { job }: Job, seconds: number): Promise<void> {
  const file = new URL(`${lab.environment['STORE_URL']}/${keys.due(job)}`);
  const time = (await stat(file)).mtimeMs / 1000 - seconds;
  await utimes(file, time, time);
}
