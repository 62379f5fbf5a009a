import { photo } from '../../packages/shared/test/support/lab.ts';
import type { MailFilter } from './mail-filter.ts';

/** People who post one photo each, and go on once its mail has come: so a busy machine gets fewer jobs, not a queue. */
export interface Visitors {
  /** Posts that were accepted so far. */
  accepted(): number;
  /** Posts that were not. */
  refused(): number;
  /** Posts no more, and waits for the last mails. */
  leave(): Promise<void>;
}

/** Milliseconds for which they wait for a mail. */
const patience = 120_000;

/** @param count how many there are at once */
export async function openVisitors(url: string, mails: MailFilter, count: number): Promise<Visitors> {
  const bytes = new Uint8Array(await photo('jpeg', { width: 320, height: 240 }));
  let [accepted, refused, posts] = [0, 0, 0];
  const over = new AbortController();

  async function visit(): Promise<void> {
    posts += 1;
    const email = `person${posts}@example.com`;
    const form = new FormData();
    form.set('email', email);
    form.set('file', new Blob([bytes]), 'photo.jpg');
    const mail = mails.next(email, patience);
    const answer = await fetch(url, { method: 'POST', body: form }).catch(() => undefined);
    await answer?.body?.cancel();
    if (answer?.status === 202) {
      accepted += 1;
      await mail;
    } else refused += 1;
  }

  async function come(): Promise<void> {
    while (!over.signal.aborted) await visit();
  }
  const all = Array.from({ length: count }, come);

  return {
    accepted: () => accepted,
    refused: () => refused,
    async leave() {
      over.abort();
      await Promise.all(all);
    },
  };
}
