import type { Clock } from '@darkroom/shared/clock';
import { identify } from '@darkroom/shared/trace/current';
import { jobCompleted } from '@darkroom/shared/events';
import { type Completion, type Job, readJob } from '@darkroom/shared/job';
import { keys } from '@darkroom/shared/job/keys';
import { countEnd } from '@darkroom/shared/job/end';
import { withdrawIfGone } from '@darkroom/shared/job/remove';
import { mayBeDeveloped, type Progress, progressOf, readProgress } from '@darkroom/shared/job/progress';
import { log } from '@darkroom/shared/log';
import { entriesOf, type Entry, json, readJson, type Store } from '@darkroom/shared/store';
import { type Lock, takeLock } from '@darkroom/shared/store/lock';
import { traced } from '@darkroom/shared/trace';
import pLimit from 'p-limit';
import { attachmentsFor, coverFor, encodedBytes } from './attachments.ts';
import type { Send } from './handover.ts';
import { type AddressedJob, composeMail, type Mail, type MailSettings } from './mail.ts';
import type { MailOutcome } from './outcome.ts';
import { type MailRecord, readRecord, untried, writeRecord } from './record.ts';
import { retry } from './retry.ts';
import { handedOver, nextStep, permissionFor } from './schedule.ts';

export interface NotifierOptions {
  store: Store;
  clock: Clock;
  send: Send;
  /** Is told how each attempt to send a mail ended. */
  count: (outcome: MailOutcome, job: Job) => void;
  settings: MailSettings & { MAIL_ATTACH_MAX: number; MAIL_RETRY: number };
}

/** Mails that one process writes and sends at a time: their attachments are in its memory. */
const sentAtOnce = 10;

/**
 * Ends a job: once everything it expects is there, mails it, if somebody gave an address, and writes completed.json. A lock makes one of several deliveries the
 * sender; mail.json tells the next sender how earlier attempts ended.
 */
export function notifier({ store, clock, send, count, settings }: NotifierOptions) {
  /** Not of events: one that finds the lock of a process that died waits 10 s for it, and must not keep others from sending. */
  const turns = pLimit(sentAtOnce);

  return async ({ job: id }: { job: string }) => {
    const job = await readJob(store, id);
    if (!job) return undefined;
    identify(job);
    const ended = await readEnd(id);
    if (ended) return jobCompleted(job, ended.status);
    if (!(await isPacked(job))) return undefined;

    const lock = await takeLock(store, keys.mailLock(id), { clock });
    if (!lock) return undefined;
    try {
      return await turns(() => endUnder(lock, job));
    } finally {
      await lock.release();
      // If the job was deleted meanwhile, take back what was written for it, including the lock.
      await withdrawIfGone(store, id);
    }
  };

  /** Only the mail is left. Most jobs can tell by a look or two. */
  async function isPacked(job: Job): Promise<boolean> {
    if (job.archive && (await store.stat(keys.archive(job.job)))) return true;
    if (!job.archive && !(await mayBeDeveloped(store, job))) return false;
    return (await readProgress(store, job)).packed;
  }

  async function endUnder(lock: Lock, job: Job) {
    const { job: id } = job;
    const entries = await entriesOf(store, keys.folder(id));
    // Since we looked, another may have ended the job and released the lock, or the job was deleted.
    const ended = entries.has(keys.completed(id)) ? await readEnd(id) : undefined;
    if (ended) return jobCompleted(job, ended.status);
    if (!entries.has(keys.job(id))) return undefined;

    const progress = progressOf(job, entries);
    if (!isAddressed(job)) return end(job, progress, { mail: 'none' });
    const record = (await readRecord(store, id)) ?? untried;
    const permission = permissionFor(record, secondsSince(entries, keys.mail(id)));
    if (permission.may === 'end') return end(job, progress, { mail: 'failed', reason: permission.reason });
    if (permission.may === 'wait') return undefined;

    const attempt = await attemptUnder(lock, job, progress, record);
    if (!attempt) return undefined;
    const { outcome, known } = attempt;
    const next = nextStep(outcome, known, settings.MAIL_RETRY);
    if (next.step === 'end') return end(job, progress, next);
    // If another has taken over in the meantime, the record is theirs.
    if (!(await lock.still())) return undefined;
    await writeRecord(store, id, next.record);
    if (next.step === 'retry' && 'answer' in outcome) throw new Error(`The mail could not be sent: ${outcome.answer}`);
    return undefined;
  }

  /** Sends the mail, and if its attachments are refused, sends it again with links only. */
  async function attemptUnder(lock: Lock, job: AddressedJob, progress: Progress, record: MailRecord) {
    let known = record;
    for (;;) {
      const mail = await write(job, progress, known.linksOnly ? 0 : settings.MAIL_ATTACH_MAX);
      const handover = { signal: lock.signal, confirm: () => handOver(lock, job.job, known) };
      const outcome = await traced('send mail', { kind: 'client' }, async (span) => {
        const ended = await send(mail, handover);
        span?.set('darkroom.mail', ended.kind);
        return ended;
      }).catch(async (error: unknown) => {
        // Of a job that is deleted meanwhile, the files are gone, and so is the lock.
        if (!lock.signal.aborted && (await lock.still())) throw error;
        log('left the mail to another', { job: job.job });
      });
      if (!outcome) return undefined;
      report(job, outcome);
      if (outcome.kind !== 'contentRefused' || mail.attachments.length === 0) return { outcome, known };
      known = { ...known, linksOnly: true };
    }
  }

  /** What is attached comes before the picture, where there is no room for both. */
  async function write(job: AddressedJob, progress: Progress, maxBytes: number): Promise<Mail> {
    const attachments = attachmentsFor(store, job, progress, maxBytes);
    const taken = attachments.reduce((sum, { bytes, filename }) => sum + encodedBytes(bytes, filename), 0);
    const cover = await coverFor(store, job, progress, maxBytes - taken);
    return composeMail({ store, job, progress, attachments, cover, settings });
  }

  /** The last chance for a suspended process to find out that another has taken over, or that the job was deleted. */
  async function handOver(lock: Lock, job: string, record: MailRecord): Promise<void> {
    if (await lock.still()) await writeRecord(store, job, handedOver(record, settings.MAIL_RETRY));
    if (!(await lock.still())) throw new Error('Another has taken over this mail');
  }

  function report(accepted: Job, outcome: MailOutcome): void {
    count(outcome, accepted);
    const { job } = accepted;
    if (outcome.kind === 'sent') return;
    if (outcome.kind === 'misconfigured')
      return log('MAIL SETTINGS DO NOT WORK: check SMTP_URL or SENDGRID_API_KEY, MAIL_FROM and what your mail service expects', {
        job,
        answer: outcome.answer,
      });
    log(`mail: ${outcome.kind}`, { job, answer: outcome.answer });
  }

  async function end(
    job: Job,
    { anySucceeded, made }: Progress,
    { mail, reason }: Pick<Completion, 'mail'> & { reason?: string },
  ) {
    const { job: id } = job;
    const status = anySucceeded ? 'completed' : 'failed';
    const completion: Completion = {
      status,
      completedAt: new Date(clock.now()).toISOString(),
      mail,
      ...(reason !== undefined && { mailReason: reason }),
    };
    // The mail may be out, and giving up now would send it again: so a failing store is tried several times.
    await retry(async () => {
      if ((await store.stat(keys.job(id))) && (await store.writeOnce(keys.completed(id), json(completion))))
        countEnd(job, completion, made);
    }, clock);
    // Whoever finds them once more sees that the job has ended.
    await store.remove(keys.open(id), { durable: false });
    await store.remove(keys.mail(id), { durable: false });
    return jobCompleted(job, status);
  }

  async function readEnd(job: string): Promise<Completion | undefined> {
    return (await readJson(store, keys.completed(job))) as Completion | undefined;
  }
}

const isAddressed = (job: Job): job is AddressedJob => job.email !== undefined;

/** By the store's clock: the newest key is that of the lock, which has just been taken. Machines' clocks differ. */
function secondsSince(entries: ReadonlyMap<string, Entry>, key: string): number {
  const newest = Math.max(...[...entries.values()].map(({ modified }) => modified.getTime()));
  return (newest - (entries.get(key)?.modified.getTime() ?? 0)) / 1000;
}
