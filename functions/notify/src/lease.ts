import { randomUUID } from 'node:crypto';
import { keys } from '@darkroom/shared/job/keys';
import { json, readJson, type Store } from '@darkroom/shared/store';

/** How soon another may send when the holder has died. The living renew theirs in time, however slow the mail server is. */
const leaseSeconds = 10;
const renewalSeconds = 3;

interface Lease {
  holder: string;
  until: number;
}

/**
 * Takes the right to send the mail of a job.
 * @returns undefined while another holds it
 */
export async function leaseMail(store: Store, job: string): Promise<{ release(): Promise<void> } | undefined> {
  const key = keys.mailLease(job);
  const holder = randomUUID();
  const mine = () => json({ holder, until: Date.now() + leaseSeconds * 1000 } satisfies Lease);
  const held = async () => (await readJson(store, key)) as Lease | undefined;

  if (await store.writeOnce(key, mine())) return keep();
  const other = await held();
  if (other && other.until > Date.now()) return undefined;
  // Its holder died. Two that see this at once both write, and the last one written is the holder.
  await store.write(key, mine());
  return (await held())?.holder === holder ? keep() : undefined;

  function keep() {
    let renewal = Promise.resolve();
    // A renewal that fails is made up for by the next one.
    const timer = setInterval(() => {
      renewal = store.write(key, mine()).catch(() => undefined);
    }, renewalSeconds * 1000);
    return {
      async release() {
        clearInterval(timer);
        await renewal;
        // One that stays runs out by itself.
        await store.remove(key).catch(() => undefined);
      },
    };
  }
}
