import { randomUUID } from 'node:crypto';
import { keys } from '@darkroom/shared/job';
import { json, readJson, type Store } from '@darkroom/shared/store';

/** Longer than a mail may take to send, or a slow server would let two go out. */
const leaseSeconds = 90;

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
  const mine: Lease = { holder: randomUUID(), until: Date.now() + leaseSeconds * 1000 };
  const held = async () => (await readJson(store, key)) as Lease | undefined;
  const release = () => store.remove(key);

  if (await store.writeOnce(key, json(mine))) return { release };
  const other = await held();
  if (other && other.until > Date.now()) return undefined;
  // Its holder died. Two that see this at once both write, and the last one written is the holder.
  await store.write(key, json(mine));
  return (await held())?.holder === mine.holder ? { release } : undefined;
}
