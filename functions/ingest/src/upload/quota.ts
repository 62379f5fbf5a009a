import { createHash } from 'node:crypto';
import type { Clock } from '@darkroom/shared/clock';
import { keys } from '@darkroom/shared/job/keys';
import { entriesOf, json, type Store } from '@darkroom/shared/store';
import { Busy } from '../http/busy.ts';

/** Limits the jobs per address, so that nobody can flood a stranger's mailbox. */
export interface Quota {
  /**
   * Takes a place, and returns a function that gives it back. A job without an address mails nobody, and needs none.
   * @throws Busy if the address has used up its jobs of this hour
   */
  take(email: string | undefined): Promise<() => Promise<void>>;
}

const hour = 60 * 60 * 1000;

/**
 * Counts in the store, so that all processes and revisions share one count: each job takes one of the numbered places of its address
 * and hour, and of several that want the same place one gets it. Sweep removes those of past hours.
 * @param most jobs in each hour by the clock; 0 means any number
 */
export function openQuota(store: Store, most: number, clock: Clock): Quota {
  return {
    async take(email) {
      if (most === 0 || email === undefined) return async () => {};
      const now = clock.now();
      const label = new Date(now).toISOString().slice(0, 13);
      const mailbox = createHash('sha256').update(mailboxOf(email)).digest('hex');
      const taken = await entriesOf(store, `${keys.quotas(label)}${mailbox}.`);
      // From the first: any of them may have been given back.
      for (let place = 1; place <= most; place += 1) {
        const key = keys.quota(label, mailbox, place);
        if (!taken.has(key) && (await store.writeOnce(key, json({})))) return () => store.remove(key);
      }
      const seconds = Math.ceil((hour - (now % hour)) / 1000);
      throw new Busy(
        429,
        `This e-mail address has already had ${most} jobs this hour. Try again when the next hour begins.`,
        seconds,
      );
    },
  };
}

/** ada+1@example.org and ada+2@example.org share a mailbox if the server supports "+". */
function mailboxOf(email: string): string {
  return email.toLowerCase().replace(/\+[^@]*(?=@)/, '');
}
