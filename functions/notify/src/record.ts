import { keys } from '@darkroom/shared/job/keys';
import { json, readJson, type Store } from '@darkroom/shared/store';

/** mail.json: how the attempts to send the mail of a job ended, as long as none has succeeded. */
export interface MailRecord {
  /** Attempts that certainly sent nothing. */
  failures: number;
  /** Mails that went out and may have arrived. Includes the one being handed over, in case nobody survives to see the answer. */
  unsure: number;
  /** Seconds from this record until the next attempt. */
  pauseSeconds: number;
  /** The attachments were refused. */
  linksOnly: boolean;
}

export const untried: MailRecord = { failures: 0, unsure: 0, pauseSeconds: 0, linksOnly: false };

export async function readRecord(store: Store, job: string): Promise<MailRecord | undefined> {
  return (await readJson(store, keys.mail(job))) as MailRecord | undefined;
}

export async function writeRecord(store: Store, job: string, record: MailRecord): Promise<void> {
  await store.write(keys.mail(job), json(record));
}
