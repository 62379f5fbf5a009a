import { createHash, randomUUID } from 'node:crypto';
import { Rejected } from '@darkroom/shared/errors';
import { isGone } from '@darkroom/shared/job';
import { keys } from '@darkroom/shared/job/keys';
import { json, readJson, type Store } from '@darkroom/shared/store';
import type { Arrival } from './spool.ts';
import type { Wishes } from './wishes.ts';

/** claims/<digest>: the job that an Idempotency-Key stands for, and what was posted with it. */
interface Claim {
  job: string;
  post: string;
}

/** What is left of a claim when its job was deleted. */
interface ClosedClaim {
  gone: true;
}

/**
 * The id of the job that a post makes: a new one, or with an Idempotency-Key always the same, so that a client that heard no answer may
 * simply send again (draft-ietf-httpapi-idempotency-key-header). Keys of one address do not meet those of another.
 * @throws Rejected when the key is malformed (400), was used for another post (422), or for a job that was deleted (410)
 */
export async function claimJob(
  store: Store,
  key: string | undefined,
  wishes: Wishes,
  arrivals: readonly Arrival[],
): Promise<{ id: string; claim: string | undefined }> {
  if (key === undefined) return { id: randomUUID(), claim: undefined };
  if (!/^[\x21-\x7e]{1,255}$/.test(key)) {
    throw new Rejected('“Idempotency-Key” must be 1 to 255 visible ASCII characters, such as a UUID.', { status: 400 });
  }
  const { email, options } = wishes;
  const mine: Claim = { job: randomUUID(), post: digest([email, options, arrivals.map(({ photo }) => photo)]) };
  const name = digest([email, key]);
  if (await store.writeOnce(keys.claim(name), json(mine))) return { id: mine.job, claim: name };
  const claim = (await readJson(store, keys.claim(name))) as Claim | ClosedClaim;
  if ('gone' in claim || (await isGone(store, claim.job)))
    throw new Rejected('The job of this “Idempotency-Key” was deleted. Send a new key to have the photos developed.', {
      status: 410,
    });
  if (claim.post === mine.post) return { id: claim.job, claim: name };
  throw new Rejected('This “Idempotency-Key” came before, with other photos or options. Send a new key with a new post.', {
    status: 422,
  });
}

const digest = (value: unknown) => createHash('sha256').update(JSON.stringify(value)).digest('hex');
