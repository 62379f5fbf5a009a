import { expect, test } from 'vitest';
import type { Service, Target } from '../../../scripts/release/service.ts';
import { handedTo, pinned } from '../../../scripts/release/traffic.ts';

const v1 = { revisionName: 'ingest-v1-11111111', tag: 'v1', percent: 70 };
const v2 = { revisionName: 'ingest-v2-22222222', tag: 'v2', percent: 30 };

test('a new revision of a version keeps its tag and its share, and nobody else moves', () => {
  const traffic = handedTo('ingest-v2-33333333', { service: 'ingest', tag: 'v2', adopts: false }, [v1, v2]);
  expect(traffic).toEqual([v1, { ...v2, revisionName: 'ingest-v2-33333333' }]);
});

test('a version that is new starts with no traffic', () => {
  const traffic = handedTo('ingest-v3-33333333', { service: 'ingest', tag: 'v3', adopts: false }, [v1, v2]);
  expect(traffic).toEqual([v1, v2, { revisionName: 'ingest-v3-33333333', tag: 'v3', percent: 0 }]);
});

test('what no version serves goes to the one that adopts it', () => {
  const deployed = { revisionName: 'ingest-00001', percent: 100 };
  const adopting = { service: 'ingest', tag: 'v1', adopts: true };
  expect(handedTo('ingest-v1-11111111', adopting, [deployed])).toEqual([{ ...v1, percent: 100 }]);
  expect(handedTo('ingest-v1-11111111', adopting, [{ ...deployed, percent: 70 }, v2])).toEqual([v2, v1]);
  expect(handedTo('ingest-v1-33333333', { ...adopting, adopts: false }, [deployed])).toEqual([
    deployed,
    { revisionName: 'ingest-v1-33333333', tag: 'v1', percent: 0 },
  ]);
});

test('a share that lost its tag still belongs to its version', () => {
  const untagged = { revisionName: 'ingest-v2-22222222', percent: 20 };
  const traffic = handedTo('ingest-v2-33333333', { service: 'ingest', tag: 'v2', adopts: false }, [
    v1,
    untagged,
    { ...v2, percent: 10 },
  ]);
  expect(traffic).toEqual([v1, { ...v2, revisionName: 'ingest-v2-33333333' }]);
});

test('a tag that was given by hand goes to the revision of the version: Knative takes no tag twice', () => {
  const tried = { revisionName: 'ingest-tried', tag: 'v2', percent: 30 };
  const traffic = handedTo('ingest-v2-33333333', { service: 'ingest', tag: 'v2', adopts: false }, [v1, tried]);
  expect(traffic).toEqual([v1, { ...v2, revisionName: 'ingest-v2-33333333' }]);
});

test('what follows the latest revision is pinned to the one that serves now', () => {
  const service = (ready: string | undefined, traffic: Target[]) =>
    ({ spec: { traffic }, status: { latestReadyRevisionName: ready } }) as Service;
  const latest = { latestRevision: true, percent: 100 };
  expect(pinned(service('ingest-00001', [latest]))).toEqual([{ revisionName: 'ingest-00001', percent: 100 }]);
  expect(pinned(service(undefined, [latest]))).toEqual([]);
  expect(pinned(service('ingest-00002', [v1, v2]))).toEqual([v1, v2]);
});
