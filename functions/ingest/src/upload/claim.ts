import { createHash, randomUUID } from 'node:crypto';
import { Rejected } from '@darkroom/shared/errors';
import { keys } from '@darkroom/shared/job/keys';
import { json, readJson, type Store } from '@darkroom/shared/store';
import type { Arrival } from './spool.ts';
import type { Wishes } from './wishes.ts';

/** claims/<digest>: the job that an Idempotency-Key stands for, and what was posted with it. */
interface Claim {
  job: string;
  post: string;
}

/**
 * The id of the job that a post makes: a new one, or with an Idempotency-Key always the same, so that a client that heard no answer may
 * simply send again (draft-ietf-httpapi-idempotency-key-header). Keys of one address do not meet those of another.
 * @throws Rejected when the key is malformed (400), or was used for another post (422)
 */
export async function claimJob(
  store: Store,
  key: string | undefined,
  wishes: Wishes,
  arrivals: readonly Arrival[],
): Promise<string> {
  if (key === undefined) return randomUUID();
  if (!/^[\x21-\x7e]{1,255}$/.test(key)) {
    throw new Rejected('“Idempotency-Key” must be 1 to 255 visible ASCII characters, such as a UUID.', { status: 400 });
  }
  const { email, options } = wishes;
  const mine: Claim = { job: randomUUID(), post: digest([email, options, arrivals.map(({ photo }) => photo)]) };
  const place = keys.claim(digest([email, key]));
  if (await store.writeOnce(place, json(mine))) return mine.job;
  const claim = (await readJson(store, place)) as Claim;
  if (claim.post === mine.post) return claim.job;
  throw new Rejected('This “Idempotency-Key” came before, with other photos or options. Send a new key with a new post.', {
    status: 422,
  });
}

const digest = (value: unknown) => createHash('sha256').update(JSON.stringify(value)).digest('hex');
