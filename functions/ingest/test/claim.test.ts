import { keys } from '@darkroom/shared/job/keys';
import { entriesOf, json, readJson, type Store } from '@darkroom/shared/store';
import { beforeEach, expect, test } from 'vitest';
import { memoryStore } from '../../../packages/shared/test/support/memory-store.ts';
import { claimJob, digestOfPart, type PostContent } from '../src/upload/claim.ts';
import type { Quota } from '../src/upload/quota.ts';

let store: Store;
let taken: (string | undefined)[];
let givenBack: number;
const quota: Quota = {
  async take(email) {
    taken.push(email);
    return async () => void (givenBack += 1);
  },
};
beforeEach(() => {
  store = memoryStore();
  [taken, givenBack] = [[], 0];
});

const arrival = (name: string, digest: string) => ({
  photo: { image: '1', name, type: 'image/jpeg' as const, bytes: 1, width: 1, height: 1 },
  file: '',
  digest,
});
const refusal = (name: string, reason: string) => ({ name, reason, status: 422, reasonClass: 'damaged' });
const content = {
  wishes: { email: 'a@example.org', options: { format: 'image/png' as const, quality: 80 }, wait: 0 },
  arrivals: [arrival('a.jpg', '1'), arrival('b.jpg', '2')],
  refused: [refusal('c.jpg', 'torn'), refusal('d.jpg', 'empty')],
  taken: [],
};
const claim = (key: string | undefined, post: PostContent = content) => claimJob(store, quota, key, post);

test('without a key each post is a job of its own, and its place in the quota can be given back', async () => {
  const [one, two] = [await claim(undefined), await claim(undefined)];
  expect(one.id).not.toBe(two.id);
  expect([one.claim, two.claim]).toEqual([undefined, undefined]);
  await one.giveBack();
  expect([taken, givenBack]).toEqual([['a@example.org', 'a@example.org'], 1]);
});

test('with a key it is always the same, which takes one place and keeps it', async () => {
  const [one, two] = [await claim('k'), await claim('k')];
  expect(two.id).toBe(one.id);
  expect(two.claim).toBe(one.claim);
  for (const { giveBack } of [one, two]) await giveBack();
  expect([taken, givenBack]).toEqual([['a@example.org'], 0]);
  expect(await readJson(store, keys.claim(one.claim!))).toMatchObject({ job: one.id });
});

test('of two at once, the second finds what the first has claimed', async () => {
  const claimed = await Promise.all([claim('k'), claim('k'), claim('k')]);
  expect(new Set(claimed.map(({ id }) => id)).size).toBe(1);
  for (const { giveBack } of claimed) await giveBack();
  // The others have given back the places that they took.
  expect(taken.length - givenBack).toBe(1);
});

test('a claim that cannot be written gives its place back', async () => {
  const fault = new Error('EIO');
  const broken = { ...store, writeOnce: () => Promise.reject(fault) };
  await expect(claimJob(broken, quota, 'k', content)).rejects.toBe(fault);
  expect(givenBack).toBe(1);
  // If the place cannot be given back either, the first fault is the one that is reported.
  const stuck = { take: async () => () => Promise.reject(new Error('EIO again')) };
  await expect(claimJob(broken, stuck, 'k', content)).rejects.toBe(fault);
});

test.each<[what: string, PostContent]>([
  ['in another order', { ...content, arrivals: content.arrivals.toReversed(), refused: content.refused.toReversed() }],
  ['that waits longer', { ...content, wishes: { ...content.wishes, wait: 30 } }],
])('the same post %s is the same', async (_what, post) => {
  expect((await claim('k', post)).id).toBe((await claim('k')).id);
});

test.each<[what: string, Partial<PostContent>]>([
  ['format', { wishes: { ...content.wishes, options: { quality: 80 } } }],
  ['quality', { wishes: { ...content.wishes, options: { format: 'image/png' } } }],
  ['language', { wishes: { ...content.wishes, locale: 'de' } }],
  ['bytes', { arrivals: [arrival('a.jpg', '1'), arrival('b.jpg', '3')] }],
  ['name', { arrivals: [arrival('a.jpg', '1'), arrival('c.jpg', '2')] }],
  ['revision', { revision: 'ingest-v1' }],
  ['number of photos', { arrivals: [arrival('a.jpg', '1')] }],
  ['refusals', { refused: [refusal('c.jpg', 'torn')] }],
  ['reasons', { refused: [refusal('c.jpg', 'torn'), refusal('d.jpg', 'torn')] }],
  ['refused names', { refused: [refusal('c.jpg', 'torn'), refusal('e.jpg', 'empty')] }],
])('another %s under the same key is another post', async (_what, change) => {
  await claim('k');
  await expect(claim('k', { ...content, ...change })).rejects.toMatchObject({ status: 422 });
});

test('parts that are known only by their digests are the same post, and lead to nothing new', async () => {
  const [first, ...others] = [...content.arrivals, ...content.refused];
  const rest = { arrivals: content.arrivals.slice(1), refused: content.refused, taken: [digestOfPart(first!)] };
  const { id } = await claim('k');
  expect((await claim('k', { ...content, ...rest })).id).toBe(id);
  const none = { arrivals: [], refused: [], taken: [first!, ...others].map(digestOfPart) };
  expect((await claim('k', { ...content, ...none })).id).toBe(id);
  await expect(claim('k', { ...content, ...none, taken: none.taken.slice(1) })).rejects.toMatchObject({ status: 422 });
  const before = [taken.length, [...(await entriesOf(store, '')).keys()]];
  for (const key of ['other', undefined])
    await expect(claim(key, { ...content, ...rest })).rejects.toMatchObject({ status: 409 });
  expect([taken.length, [...(await entriesOf(store, '')).keys()]]).toEqual(before);
});

test('keys are separate for each address', async () => {
  const other = { ...content, wishes: { ...content.wishes, email: 'b@example.org' } };
  expect((await claim('k', other)).id).not.toBe((await claim('k')).id);
});

test.each(['!', '~'.repeat(255), '"8e03978e-40d5-43dd-bc93-6894a57f9324"'])('the key %s is taken', async (key) => {
  expect((await claim(key)).claim).toMatch(/^[0-9a-f]{64}$/);
});

test.each(['', 'two words', 'ü', ' k', 'k ', '\u007f', 'x'.repeat(256)])(
  'the key %j is refused, and takes no place',
  async (key) => {
    await expect(claim(key)).rejects.toMatchObject({ status: 400, message: expect.stringContaining('visible ASCII') });
    expect(taken).toEqual([]);
  },
);

test('a key whose job was deleted is not used again, whether its claim or its tombstone says so', async () => {
  const { id, claim: digest } = await claim('k');
  await store.write(keys.gone(id), json({}));
  await expect(claim('k')).rejects.toMatchObject({ status: 410, message: expect.stringContaining('was deleted') });
  await store.write(keys.claim(digest!), json({ gone: true }));
  await store.remove(keys.gone(id));
  await expect(claim('k')).rejects.toMatchObject({ status: 410 });
});
