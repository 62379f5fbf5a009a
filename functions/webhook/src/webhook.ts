import type { Clock } from '@darkroom/shared/clock';
import { type Completion, CorruptJob, type Job, readJob, type WebhookEnd } from '@darkroom/shared/job';
import { keys } from '@darkroom/shared/job/keys';
import { withdrawIfGone } from '@darkroom/shared/job/remove';
import { log } from '@darkroom/shared/log';
import { entriesOf, json, readJson, type Store } from '@darkroom/shared/store';
import { type Lock, takeLock } from '@darkroom/shared/store/lock';
import { traced } from '@darkroom/shared/trace';
import { identify } from '@darkroom/shared/trace/current';
import type { Attempt } from './attempt.ts';
import { messageOf } from './message.ts';
import type { WebhookOutcome } from './outcome.ts';
import { readRecord, writeRecord } from './record.ts';
import { nextStep } from './schedule.ts';

export interface WebhookOptions {
  store: Store;
  clock: Clock;
  attempt: Attempt;
  /** Is told how each attempt ended. */
  count: (outcome: WebhookOutcome, job: Job) => void;
  settings: { PUBLIC_URL: string; WEBHOOK_RETRY: number };
}

/** A job whose end somebody is to be told. */
type AwaitedJob = Job & { notifyUrl: string };

/**
 * Delivers the webhook of a job, if it has one and has ended. A lock makes one of several callers the sender; due/<job> tells the next how
 * earlier attempts ended.
 * @returns why it failed, if the broker should try again soon
 */
export type Deliver = (job: string) => Promise<string | undefined>;

export function openWebhook({ store, clock, attempt, count, settings }: WebhookOptions): Deliver {
  return async (id) => {
    const job = await readAccepted(id);
    if (!job) return dismiss(id);
    identify(job);
    if (!isAwaited(job) || !(await store.stat(keys.due(id)))) return undefined;
    const completion = (await readJson(store, keys.completed(id))) as Completion | undefined;
    if (!completion) return undefined;
    const lock = await takeLock(store, keys.webhookLock(id), { clock });
    if (!lock) return undefined;
    try {
      return await deliverUnder(lock, job, completion);
    } catch (error) {
      // Of a job that is deleted meanwhile, the lock is gone.
      if (!lock.signal.aborted) throw error;
      log('left the webhook to another', { job: id });
      return undefined;
    } finally {
      await lock.release();
      // If the job was deleted meanwhile, take back what was written for it, including the lock.
      await withdrawIfGone(store, id);
    }
  };

  async function deliverUnder(lock: Lock, job: AwaitedJob, completion: Completion): Promise<string | undefined> {
    const { job: id } = job;
    if (await store.stat(keys.webhookEnd(id))) return dismiss(id);
    const record = await readRecord(store, id);
    if (!record || (await secondsSinceRecord(id)) < record.pauseSeconds) return undefined;
    // A process that was suspended finds out here that another has taken over, or that the job was deleted.
    if (!(await lock.still())) return undefined;
    const outcome = await traced('deliver webhook', { kind: 'client' }, async (span) => {
      const ended = await attempt(job.notifyUrl, messageOf(id, completion, settings.PUBLIC_URL), lock.signal);
      span?.set('darkroom.webhook', ended.kind);
      return ended;
    });
    count(outcome, job);
    const next = nextStep(outcome, record, settings.WEBHOOK_RETRY);
    if (outcome.kind !== 'delivered') log(`webhook: ${outcome.kind}`, { job: id, reason: outcome.reason });
    if (next.step === 'end') return end(id, next.end);
    // If another has taken over in the meantime, the record is theirs.
    if (!(await lock.still())) return undefined;
    await writeRecord(store, id, next.record);
    return next.step === 'retry' && outcome.kind !== 'delivered' ? outcome.reason : undefined;
  }

  /** If the store fails here, the message is sent once more: it has the same id. */
  async function end(id: string, how: WebhookEnd): Promise<undefined> {
    await store.writeOnce(keys.webhookEnd(id), json(how));
    log(`webhook ${how.status}`, { job: id });
    return dismiss(id);
  }

  async function dismiss(id: string): Promise<undefined> {
    await store.remove(keys.due(id));
  }

  /** Undefined if the job was deleted, or its record is damaged: then nobody knows whom to tell. */
  async function readAccepted(id: string): Promise<Job | undefined> {
    return readJob(store, id).catch((error: unknown) => {
      if (!(error instanceof CorruptJob)) throw error;
      return undefined;
    });
  }

  /** By the store's clock: the newest key is that of the lock, which has just been taken. Machines' clocks differ. */
  async function secondsSinceRecord(id: string): Promise<number> {
    const signs = [...(await entriesOf(store, keys.webhook(id))).values()].map(({ modified }) => modified.getTime());
    const record = await store.stat(keys.due(id));
    return (Math.max(...signs) - (record?.modified.getTime() ?? 0)) / 1000;
  }
}

const isAwaited = (job: Job): job is AwaitedJob => job.notifyUrl !== undefined;
