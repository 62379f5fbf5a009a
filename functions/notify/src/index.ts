import { readConfig } from '@darkroom/shared/config';
import { jobCompleted } from '@darkroom/shared/events';
import { type Completion, readJob } from '@darkroom/shared/job';
import { keys } from '@darkroom/shared/job/keys';
import { readProgress } from '@darkroom/shared/job/progress';
import { log } from '@darkroom/shared/log';
import { stage } from '@darkroom/shared/stage';
import { json, readJson } from '@darkroom/shared/store';
import { openStore } from '@darkroom/shared/store/open';
import { attachmentsFor } from './attachments.ts';
import { leaseMail } from './lease.ts';
import { compose, type Letter } from './letter.ts';
import { settings } from './settings.ts';
import { persist } from './persist.ts';
import { openTransport } from './transport.ts';
import { Undeliverable } from './undeliverable.ts';

/**
 * Ends a job: when all that it expects is there, mails it once and writes completed.json. A lease is taken before sending, so
 * that of several deliveries one sends; if its holder dies in between, the next one after the lease sends again.
 */
export const { init, handle, shutdown, liveness, readiness } = stage(() => {
  const config = readConfig(settings);
  const store = openStore(config.STORE_URL);
  const send = openTransport(config);

  return async ({ job: id }) => {
    const job = await readJob(store, id);
    if (!job) return undefined;
    const ended = await readEnd(id);
    if (ended) return jobCompleted(id, ended.status);
    const progress = await readProgress(store, job);
    if (!progress.packed) return undefined;

    const lease = await leaseMail(store, id);
    if (!lease) return undefined;
    try {
      // Another may have ended the job, and given the lease back, since we looked.
      const meanwhile = await readEnd(id);
      if (meanwhile) return jobCompleted(id, meanwhile.status);
      const attachments = await attachmentsFor(store, job, progress, config.MAIL_ATTACH_MAX);
      const letter = await compose({ store, job, progress, attachments, publicUrl: config.PUBLIC_URL, from: config.MAIL_FROM });
      const mail = await sendOrGiveUp(letter, id);
      const status = progress.anySucceeded ? 'completed' : 'failed';
      const completion: Completion = { status, completedAt: new Date().toISOString(), mail };
      // The mail is out: giving up now would send it again, so a store that fails is asked several times.
      await persist(() => store.writeOnce(keys.completed(id), json(completion)));
      await store.remove(keys.open(id));
      return jobCompleted(id, status);
    } finally {
      await lease.release();
    }
  };

  async function readEnd(job: string): Promise<Completion | undefined> {
    return (await readJson(store, keys.completed(job))) as Completion | undefined;
  }

  async function sendOrGiveUp(letter: Letter, job: string): Promise<Completion['mail']> {
    try {
      await send(letter);
      return 'sent';
    } catch (error) {
      if (!(error instanceof Undeliverable)) throw error;
      log('undeliverable', { job, error: error.message });
      return 'failed';
    }
  }
});
