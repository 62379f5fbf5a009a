import { keys } from '@darkroom/shared/job/keys';
import { json, readJson, type Store } from '@darkroom/shared/store';

/** due/<job>: ingest writes it, empty, with the job; it is there until the webhook has ended. */
export interface WebhookRecord {
  /** Attempts so far. */
  failures: number;
  /** Seconds from this record until the next one. */
  pauseSeconds: number;
}

const untried: WebhookRecord = { failures: 0, pauseSeconds: 0 };

export async function readRecord(store: Store, job: string): Promise<WebhookRecord | undefined> {
  const record = (await readJson(store, keys.due(job))) as Partial<WebhookRecord> | undefined;
  return record && { ...untried, ...record };
}

export async function writeRecord(store: Store, job: string, record: WebhookRecord): Promise<void> {
  await store.write(keys.due(job), json(record));
}
