import { expect, test } from 'vitest';
import { serverSideApply } from '../src/api/model/apply.ts';
import type { Fields, KubeObject } from '../src/api/model/object.ts';

const time = '2026-07-01T12:00:00Z';
const object = (spec: Fields, labels?: Record<string, string>): KubeObject => ({
  apiVersion: 'eventing.knative.dev/v1',
  kind: 'Trigger',
  metadata: { name: 'audit', ...(labels && { labels }) },
  spec,
});
const apply = (now: KubeObject | undefined, manager: string, wanted: KubeObject, force = false) =>
  serverSideApply(now, wanted, { manager, force, time });
const owners = ({ metadata }: KubeObject) =>
  Object.fromEntries((metadata.managedFields ?? []).map(({ manager, fieldsV1 }) => [manager, fieldsV1]));

test('what is applied takes effect, and is the manager’s own', () => {
  const applied = apply(undefined, 'kubectl', object({ broker: 'default', filter: {} }, { 'app.kubernetes.io/name': 'a' }));
  expect(applied).toMatchObject(object({ broker: 'default' }, { 'app.kubernetes.io/name': 'a' }));
  expect(applied.metadata.managedFields).toEqual([
    {
      manager: 'kubectl',
      operation: 'Apply',
      apiVersion: 'eventing.knative.dev/v1',
      time,
      fieldsType: 'FieldsV1',
      fieldsV1: { 'f:metadata': { 'f:labels': { 'f:app.kubernetes.io/name': {} } }, 'f:spec': { 'f:broker': {} } },
    },
  ]);
});

test('what the manager leaves out now goes, with parents that are empty without it; what others said stays', () => {
  const first = apply(undefined, 'one', object({ broker: 'default', delivery: { retry: 3 } }));
  const both = apply(first, 'two', object({ filter: { attributes: { type: 'a' } } }));
  const left = apply(both, 'one', object({ broker: 'default' }));
  expect(left['spec']).toEqual({ broker: 'default', filter: { attributes: { type: 'a' } } });
  expect(owners(left)).toEqual({
    one: { 'f:spec': { 'f:broker': {} } },
    two: { 'f:spec': { 'f:filter': { 'f:attributes': { 'f:type': {} } } } },
  });
});

test('a field that two managers said the same stays until neither says it', () => {
  const both = apply(apply(undefined, 'one', object({ broker: 'a' })), 'two', object({ broker: 'a' }));
  const left = apply(both, 'one', object({ retry: 1 }));
  expect(left['spec']).toEqual({ broker: 'a', retry: 1 });
  expect(apply(left, 'two', object({ retry: 1 }))['spec']).toEqual({ retry: 1 });
});

test('another value for what somebody else said is a conflict, and with force taken over', () => {
  const now = apply(undefined, 'one', object({ broker: 'a', list: [1] }));
  expect(() => apply(now, 'two', object({ broker: 'b', list: [2] }))).toThrow(
    'Apply failed with 2 conflicts: conflict with "one": .spec.broker\nconflict with "one": .spec.list',
  );
  expect(() => apply(now, 'two', object({ broker: 'b' }))).toThrow('Apply failed with 1 conflict: ');
  const taken = apply(now, 'two', object({ broker: 'b' }), true);
  expect(taken['spec']).toEqual({ broker: 'b', list: [1] });
  expect(owners(taken)).toEqual({ one: { 'f:spec': { 'f:list': {} } }, two: { 'f:spec': { 'f:broker': {} } } });
});

test('an object in place of a value is not taken away again', () => {
  const now = apply(undefined, 'one', object({ sink: 'a' }));
  expect(apply(now, 'one', object({ sink: { uri: 'b' } }))['spec']).toEqual({ sink: { uri: 'b' } });
});

test('who says the same again changes nothing, not even the time', () => {
  const now = apply(undefined, 'one', object({ broker: 'a' }));
  expect(serverSideApply(now, object({ broker: 'a' }), { manager: 'one', force: false, time: 'later' })).toEqual(now);
});
