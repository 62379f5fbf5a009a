import { expect, test } from 'vitest';
import type { Decision } from '../src/api/decisions/decision.ts';
import { fieldOf, type KubeObject } from '../src/api/model/object.ts';
import type { Resources } from '../src/api/requests/resources.ts';
import { createTrafficShift } from '../src/api/traffic-shift.ts';

/** What becomes of `spec.traffic` of a Service with the revisions a and b, of which b is the latest. */
async function shifted(traffic: object[], percents: Record<string, number>): Promise<unknown> {
  const object: KubeObject = {
    apiVersion: 'serving.knative.dev/v1',
    kind: 'Service',
    metadata: { name: 'hello' },
    spec: { template: {}, traffic },
  };
  const revisions = ['a', 'b'].map((name, index) => ({ name, generation: index + 1, creationTimestamp: '', template: {} }));
  const decision: Decision = { object, revisions };
  let wanted: unknown;
  const put: Resources['put'] = async (_kind, _name, wish) => {
    wanted = wish(object);
    return { object, created: false };
  };
  const resources: Resources = { put, remove: () => expect.unreachable('nothing is removed') };
  await createTrafficShift(resources, { all: new Map([['Service/hello', decision]]) })('hello', percents);
  return fieldOf(wanted, 'spec.traffic');
}

const a = { revisionName: 'a', latestRevision: false };
const latest = { latestRevision: true };

test('a revision without a share keeps its target, so that it can be given one again', async () => {
  expect(
    await shifted(
      [
        { ...a, percent: 80 },
        { ...latest, percent: 20 },
      ],
      { a: 0, b: 100 },
    ),
  ).toEqual([
    { ...a, percent: 0 },
    { ...latest, percent: 100 },
  ]);
});

test('of several targets of one revision, the first gets all, and tags stay', async () => {
  const traffic = [
    { ...a, percent: 50 },
    { ...a, tag: 'old', percent: 50 },
  ];
  expect(await shifted(traffic, { a: 100 })).toEqual([
    { ...a, percent: 100 },
    { ...a, tag: 'old', percent: 0 },
  ]);
});

test('a revision that had no target gets one, if it gets a share', async () => {
  expect(await shifted([{ ...latest, percent: 100 }], { a: 30, b: 70 })).toEqual([
    { ...latest, percent: 70 },
    { revisionName: 'a', percent: 30 },
  ]);
  expect(await shifted([{ ...latest, percent: 100 }], { a: 0, b: 100 })).toEqual([{ ...latest, percent: 100 }]);
});
