import { createHash, randomUUID } from 'node:crypto';
import { Rejected } from '@darkroom/shared/errors';
import { isGone } from '@darkroom/shared/job';
import { keys } from '@darkroom/shared/job/keys';
import { json, readJson, type Store } from '@darkroom/shared/store';
import { idempotencyKeySchema } from '../api/fields.ts';
import type { Quota } from './quota.ts';
import type { Arrival, Refused } from './spool.ts';
import type { Wishes } from './wishes.ts';

/** claims/<digest>: the job of an Idempotency-Key, and what was posted with it. */
interface Claim {
  job: string;
  /** Digest of the fields, and of the names and bytes of the files. */
  post: string;
}

/** What is left of a claim after its job was deleted. */
interface ClosedClaim {
  gone: true;
}

/** The content that makes one post the same as another. */
export interface PostContent {
  wishes: Wishes;
  arrivals: readonly Arrival[];
  refused: readonly Refused[];
  /** Parts that an earlier post has brought, by their digests: uploads of which no more is left. */
  taken: readonly string[];
  /** The revision that was asked for, if one was. */
  revision?: string | undefined;
  /** The name of the API key that was shown, if one was. */
  sender?: string | undefined;
}

/** The job that a post creates. */
export interface Claimed {
  id: string;
  /** The digest of its Idempotency-Key, if it has one: then another post may create the same job. */
  claim: string | undefined;
  /** To be called if the post fails after all. */
  giveBack(): Promise<void>;
}

/**
 * The job that a post creates: a new one, or with an Idempotency-Key always the same, so that a client that got no answer can simply
 * post again (draft-ietf-httpapi-idempotency-key-header). Keys are separate for each address and API key; posts without either share theirs. A new job takes a place in the quota of
 * its address; a repeated post does not.
 * @throws Rejected if the key is malformed (400), was used for another post (422), or for a job that was deleted (410); or if the post
 *   is new, and names uploads that another has brought (409)
 * @throws Busy if the address has no jobs left
 */
export async function claimJob(store: Store, quota: Quota, key: string | undefined, content: PostContent): Promise<Claimed> {
  const { sender, wishes } = content;
  const { email } = wishes;
  if (key === undefined) {
    refuseTaken(content);
    return { id: randomUUID(), claim: undefined, giveBack: await quota.take(email) };
  }
  if (!new RegExp(idempotencyKeySchema.pattern).test(key)) {
    throw new Rejected('“Idempotency-Key” must be 1 to 255 visible ASCII characters, such as a UUID.', { status: 400 });
  }
  const claim = digest([email ?? '', key, ...(sender === undefined ? [] : [sender])]);
  const place = keys.claim(claim);
  const earlier = (await readJson(store, place)) as Claim | ClosedClaim | undefined;
  if (earlier) return repeated(store, claim, earlier, content);
  refuseTaken(content);
  const giveBack = await quota.take(email);
  const mine: Claim = { job: randomUUID(), post: digestOf(content) };
  let isFirst = false;
  try {
    isFirst = await store.writeOnce(place, json(mine));
  } finally {
    if (!isFirst) await giveBack().catch(() => {});
  }
  // The claim keeps its place in the quota, so a repeated post takes none.
  if (isFirst) return { id: mine.job, claim, giveBack: async () => {} };
  return repeated(store, claim, (await readJson(store, place)) as Claim | ClosedClaim, content);
}

async function repeated(store: Store, claim: string, earlier: Claim | ClosedClaim, content: PostContent): Promise<Claimed> {
  if ('gone' in earlier) throw deleted();
  if (earlier.post !== digestOf(content))
    throw new Rejected('This “Idempotency-Key” was already used with other photos or options. Send a new key with a new post.', {
      status: 422,
      reason: 'conflict',
    });
  if (await isGone(store, earlier.job)) throw deleted();
  return { id: earlier.job, claim, giveBack: async () => {} };
}

/** Refuses a repeated post whose job has been deleted. */
export function deleted(): Rejected {
  return new Rejected('The job of this “Idempotency-Key” was deleted. Send the photos with a new key to have them developed.', {
    status: 410,
  });
}

/** A part that an earlier post has brought can only lead to the job of that post. */
export function refuseTaken({ taken }: Pick<PostContent, 'taken'>): void {
  if (taken.length > 0)
    throw new Rejected('An upload of this post has already become a part of a job. Send its photo again.', { status: 409 });
}

/** What makes a photo in one post the same as in another: its name and bytes, or why it was refused. */
export function digestOfPart(part: Arrival | Refused): string {
  return digest('photo' in part ? [part.photo.name, part.digest] : [part.name, part.reason]);
}

/** Parts of a form may come in any order. */
function digestOf({ wishes, arrivals, refused, taken, revision }: PostContent): string {
  const { email, notifyUrl, filters, options, locale } = wishes;
  const parts = [...[...arrivals, ...refused].map(digestOfPart), ...taken].toSorted();
  const chosen = filters?.toSorted();
  const more = [options.filters, revision, locale && { locale }, notifyUrl, chosen].filter((each) => each !== undefined);
  return digest([email, options.format, options.quality, parts, ...more]);
}

const digest = (value: unknown) => createHash('sha256').update(JSON.stringify(value)).digest('hex');
