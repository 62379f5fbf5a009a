import { expect, test } from 'vitest';
import type { Service, Target } from '../src/kubernetes/service.ts';
import { describeTraffic, isSplitBy, pairIn, splitBy } from '../src/traffic.ts';

const service = (traffic: Partial<Target>[], latestReadyRevisionName?: string): Service => ({
  metadata: { name: 'ingest', resourceVersion: '1', annotations: {} },
  spec: { traffic: traffic.map((target) => ({ percent: 0, ...target })) },
  status: latestReadyRevisionName === undefined ? {} : { latestReadyRevisionName },
});
const tagged = service([
  { revisionName: 'a', tag: 'v1', percent: 80 },
  { revisionName: 'b', tag: 'v2', percent: 20 },
]);
const pair = { candidate: 'b', baseline: 'a' };

test.each(['v2', 'b'])('the candidate is found by tag or revision: %s', (to) => expect(pairIn(tagged, to)).toEqual(pair));

test('what follows the latest revision is the one that is ready, and is named from then on', () => {
  const following = service(
    [
      { latestRevision: true, percent: 100 },
      { revisionName: 'b', tag: 'v2' },
    ],
    'a',
  );
  expect(pairIn(following, 'v2')).toEqual(pair);
  expect(splitBy(following, pair, 5)).toEqual([
    { revisionName: 'a', percent: 95 },
    { tag: 'v2', revisionName: 'b', percent: 5 },
  ]);
});

test('of several targets of one revision, the first gets all; tags stay, and what has neither tag nor share goes', () => {
  const several = service([
    { revisionName: 'a', tag: 'old', percent: 50 },
    { revisionName: 'a', percent: 50 },
    { revisionName: 'b', tag: 'v2' },
  ]);
  expect(splitBy(several, pair, 100)).toEqual([
    { tag: 'old', revisionName: 'a', percent: 0 },
    { tag: 'v2', revisionName: 'b', percent: 100 },
  ]);
});

test('a hand is noticed by shares, whatever they are written like', () => {
  const moved = { ...tagged, spec: { traffic: splitBy(tagged, pair, 5) } };
  expect(isSplitBy(moved, pair, 5)).toBe(true);
  expect(isSplitBy(tagged, pair, 5)).toBe(false);
  expect(describeTraffic(moved)).toBe('95 % a, 5 % b');
  const third = service([
    { revisionName: 'a', percent: 90 },
    { revisionName: 'b', percent: 5 },
    { revisionName: 'c', percent: 5 },
  ]);
  expect(isSplitBy(third, pair, 5)).toBe(false);
});

test.each<[string, Service, RegExp]>([
  ['no such tag', service([{ revisionName: 'a', percent: 100 }]), /no tag or revision v2, only a\. .*npm run release/],
  ['nothing to compare with', service([{ revisionName: 'b', tag: 'v2', percent: 100 }]), /nothing to compare/],
  [
    'two to compare with',
    service([
      { revisionName: 'a', percent: 50 },
      { revisionName: 'c', percent: 50 },
      { revisionName: 'b', tag: 'v2' },
    ]),
    /Besides b, a and c have traffic/,
  ],
])('%s: a rollout cannot begin, and says what to do', (_case, from, words) => expect(() => pairIn(from, 'v2')).toThrow(words));
