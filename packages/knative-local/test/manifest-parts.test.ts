import * as v from 'valibot';
import { expect, test } from 'vitest';
import { limits } from '../src/limits.ts';
import { brokerDelivery, toDestination, triggerDelivery } from '../src/manifest/delivery.ts';
import { duration } from '../src/manifest/duration.ts';
import { attributes, filter } from '../src/manifest/filters.ts';
import { ofContainer, ofFunction } from '../src/manifest/probes.ts';
import { ofFunction as annotationsOf, readScale } from '../src/manifest/scale.ts';
import type { RevisionSpec } from '../src/manifest/topology.ts';
import { readTraffic } from '../src/manifest/traffic.ts';

/** What a schema makes of a value, or what it says against it. */
function read(schema: v.GenericSchema<unknown>, value: unknown): unknown {
  const { success, output, issues } = v.safeParse(schema, value);
  return success ? output : issues.map(({ message }) => message).join();
}

test.each([
  ['PT0.5S', 500],
  ['PT0.0005S', 1],
  ['PT10S', 10_000],
  ['PT2M', 120_000],
  ['PT15M30S', 930_000],
  ['PT12H', 43_200_000],
  ['PT1H1M1S', 3_661_000],
  ['P1D', 86_400_000],
  ['P10DT1H', 867_600_000],
  ['PT0S', 0],
])('%s is %i ms', (text, ms) => expect(read(duration, text)).toBe(ms));

test.each([
  ['P'],
  ['PT'],
  ['P1DT'],
  ['5s'],
  ['1D'],
  ['T1S'],
  ['P1S'],
  ['PT1D'],
  ['PT1S1M'],
  ['PT.5S'],
  ['PT1.S'],
  ['PT1,5S'],
  ['PT0.5M'],
  ['PTS'],
  ['PTxS'],
  ['PTxM'],
  ['PTxH'],
  ['PxD'],
  ['PT0.xS'],
  ['xPT1S'],
  ['PT1Sx'],
  ['-PT1S'],
  [''],
  [5],
])('%s is no duration', (value) => expect(read(duration, value)).toBe('must be a duration like PT0.5S or PT2M'));

test.each([['type'], ['a1'], ['x']])('%s may be the name of an attribute', (name) => {
  expect(read(attributes, { [name]: 'x' })).toEqual({ [name]: 'x' });
});
test.each([['Type'], ['1a'], ['a_b'], ['a-'], [' a'], ['']])('"%s" may not', (name) => {
  expect(read(attributes, { [name]: 'x' })).toBe('names of attributes are lower-case letters and digits');
});
test('values of attributes are text', () => expect(read(attributes, { type: true })).toContain('put it in quotes'));

const exact = { exact: { type: 'x' } };
test.each([
  [exact],
  [{ prefix: { type: 'x' } }],
  [{ suffix: { type: 'x' } }],
  [{ all: [exact, { not: exact }] }],
  [{ any: [] }],
  [{ not: { any: [exact] } }],
])('%j is a filter', (value) => expect(read(filter, value)).toEqual(value));

test.each<[object, string]>([
  [{}, 'takes exactly one dialect'],
  [{ ...exact, not: exact }, 'takes exactly one dialect'],
  [{ exact: { type: 'x', source: 'y' } }, 'takes exactly one attribute'],
  [{ prefix: {} }, 'takes exactly one attribute'],
  [{ suffix: { a: 'x', b: 'y' } }, 'takes exactly one attribute'],
  [{ all: [{}] }, 'takes exactly one dialect'],
  [{ any: [{}] }, 'takes exactly one dialect'],
  [{ not: {} }, 'takes exactly one dialect'],
  [{ cesql: 'a = 1' }, 'cesql is not supported'],
  [{ exactly: { type: 'x' } }, 'exactly'],
])('%j is no filter: %s', (value, message) => expect(read(filter, value)).toContain(message));

const { deliveryTime } = limits;
test.each([
  [undefined, { retry: 10, backoffPolicy: 'exponential', backoffDelay: 200, timeout: deliveryTime }],
  [{}, { retry: 0, backoffPolicy: 'exponential', backoffDelay: 0, timeout: deliveryTime }],
  [
    { retry: 3, backoffPolicy: 'linear', backoffDelay: 5, timeout: 7 },
    { retry: 3, backoffPolicy: 'linear', backoffDelay: 5, timeout: 7 },
  ],
  // Knative waits only if both are set.
  [{ backoffDelay: 5 }, { retry: 0, backoffPolicy: 'exponential', backoffDelay: 0, timeout: deliveryTime }],
  [{ backoffPolicy: 'linear' }, { retry: 0, backoffPolicy: 'linear', backoffDelay: 0, timeout: deliveryTime }],
  [
    { deadLetterSink: { uri: 'http://x' } },
    { retry: 0, backoffPolicy: 'exponential', backoffDelay: 0, timeout: deliveryTime, deadLetterSink: { url: 'http://x' } },
  ],
] as const)('the delivery spec %j of a Broker means %j', (written, meant) => {
  expect(brokerDelivery(written)).toEqual(meant);
});

test('a Trigger without a delivery spec has that of its Broker; one with its own takes only the dead letter sink from there', () => {
  const broker = brokerDelivery({ retry: 3, backoffPolicy: 'linear', backoffDelay: 5, deadLetterSink: { uri: 'http://broker' } });
  expect(triggerDelivery(undefined, broker)).toEqual(broker);
  const own = { retry: 1, backoffPolicy: 'exponential', backoffDelay: 0, timeout: deliveryTime };
  expect(triggerDelivery({ retry: 1 }, broker)).toEqual({ ...own, deadLetterSink: { url: 'http://broker' } });
  expect(triggerDelivery({ retry: 1, deadLetterSink: { uri: 'http://own' } }, broker)).toEqual({
    ...own,
    deadLetterSink: { url: 'http://own' },
  });
  expect(triggerDelivery({ retry: 1 }, brokerDelivery({}))).toEqual(own);
});

test.each([
  [{ ref: { kind: 'Broker', name: 'b' } }, { broker: 'b' }],
  [{ ref: { kind: 'Service', name: 's' } }, { service: 's' }],
  [{ uri: 'http://x' }, { url: 'http://x' }],
] as const)('the destination %j is %j', (written, meant) => expect(toDestination(written)).toEqual(meant));

test('a function is probed where func.yaml says, or else at the usual paths, with the usual times', () => {
  const usual = { period: 10_000, timeout: 10_000, failureThreshold: 3 };
  expect(ofFunction({ name: 'f' })).toEqual({
    readiness: { path: '/health/readiness', ...usual },
    liveness: { path: '/health/liveness', ...usual },
  });
  expect(ofFunction({ name: 'f', deploy: {} }).liveness?.path).toBe('/health/liveness');
  expect(ofFunction({ name: 'f', deploy: { healthEndpoints: { readiness: '/r', liveness: '/l' } } })).toEqual({
    readiness: { path: '/r', ...usual },
    liveness: { path: '/l', ...usual },
  });
});

test('a container has the probes of its manifest; it is always asked whether it is ready, and whether it lives only if that says so', () => {
  const usual = { period: 10_000, timeout: 10_000, failureThreshold: 3 };
  expect(ofContainer({})).toEqual({ readiness: { path: '/health/readiness', ...usual } });
  expect(ofContainer({ readinessProbe: { periodSeconds: 5 }, livenessProbe: { periodSeconds: 5 } })).toEqual({
    readiness: { path: '/health/readiness', ...usual, period: 5000 },
  });
  expect(
    ofContainer({
      readinessProbe: { httpGet: { path: '/r' }, periodSeconds: 5, timeoutSeconds: 2, failureThreshold: 1 },
      livenessProbe: { httpGet: {}, periodSeconds: 0, timeoutSeconds: 0, failureThreshold: 0 },
    }),
  ).toEqual({
    readiness: { path: '/r', period: 5000, timeout: 2000, failureThreshold: 1 },
    liveness: { path: '/health/liveness', ...usual },
  });
});

/** The split of a Service with these revisions, and its faults. */
function trafficOf(targets: Parameters<typeof readTraffic>[0], names = ['v0', 'v1', 'v2']) {
  const faults: string[] = [];
  const revisions = names.map((name) => ({ name }) as RevisionSpec);
  const traffic = readTraffic(targets, revisions, (path, message) => faults.push(`${path.join('.')}: ${message}`));
  return { traffic, faults };
}

test('traffic goes to revisions by name, or to the latest', () => {
  expect(
    trafficOf([
      { revisionName: 'v1', percent: 70, tag: 'a' },
      { latestRevision: true, percent: 30 },
      { revisionName: 'v2', tag: 'b' },
    ]),
  ).toStrictEqual({
    traffic: [
      { revision: 'v1', percent: 70, tag: 'a' },
      { revision: 'v2', percent: 30 },
      { revision: 'v2', percent: 0, tag: 'b' },
    ],
    faults: [],
  });
});

test.each<[Parameters<typeof readTraffic>[0], string[]]>([
  [[{ revisionName: 'v3', percent: 100 }], ['spec.traffic.0.revisionName: there is no revision v3; it has v0, v1, v2']],
  [
    [
      { revisionName: 'v1', tag: 'a', percent: 100 },
      { revisionName: 'v2', tag: 'a' },
    ],
    ['spec.traffic.1.tag: the tag a is taken; tags are unique'],
  ],
  [[{ revisionName: 'v1', percent: 90 }], ['spec.traffic: the percentages add up to 90; they must add up to 100']],
  [
    [
      { revisionName: 'v1', percent: 60 },
      { revisionName: 'v2', percent: 60 },
    ],
    ['spec.traffic: the percentages add up to 120; they must add up to 100'],
  ],
  [[], ['spec.traffic: the percentages add up to 0; they must add up to 100']],
])('the split %j is wrong', (targets, faults) => expect(trafficOf(targets).faults).toEqual(faults));

test('a split of a Service without revisions is a fault', () => {
  expect(trafficOf([{ latestRevision: true, percent: 100 }], []).faults).toEqual([
    'spec.traffic.0.revisionName: there is no revision ; it has ',
  ]);
});

/** What annotations make of a revision, and what is said against them. */
function scaled(annotations: Record<string, string>, concurrency = 0) {
  const faults: string[] = [];
  const named = Object.entries(annotations).map(([name, value]) => [`autoscaling.knative.dev/${name}`, value]);
  const spec = readScale(Object.fromEntries(named), concurrency, (annotation, message) =>
    faults.push(`${annotation.replace('autoscaling.knative.dev/', '')} ${message}`),
  );
  return { ...spec, faults };
}

const usual = { min: 0, max: 0, target: 70, window: 60_000, retention: 0, faults: [] };
test.each<[Record<string, string>, number, object]>([
  [{}, 0, {}],
  [{ 'min-scale': '1', 'max-scale': '5' }, 0, { min: 1, max: 5 }],
  [{ 'min-scale': '5', 'max-scale': '0' }, 0, { min: 5 }],
  [{ 'max-scale': '12' }, 0, { max: 12 }],
  [{ target: '0.5' }, 0, { target: 0.35 }],
  [{ 'min-scale': '5', 'max-scale': '5' }, 0, { min: 5, max: 5 }],
  [{ 'min-scale': '1000000', 'max-scale': '1000000' }, 0, { min: 50, max: 50 }],
  [{}, 10, { target: 7 }],
  [{ target: '4' }, 0, { target: 2.8 }],
  [{ target: '200' }, 0, { target: 140 }],
  [{ target: '4' }, 2, { target: 1.4 }],
  [{ target: '4', metric: 'concurrency' }, 100, { target: 2.8 }],
  [{ target: '4', metric: 'rps' }, 0, {}],
  [{ target: '4', metric: 'cpu' }, 10, { target: 7 }],
  [{ target: '10', 'target-utilization-percentage': '50' }, 0, { target: 5 }],
  [{ target: '10', 'target-utilization-percentage': '100' }, 0, { target: 10 }],
  [{ target: '0.01', 'target-utilization-percentage': '1' }, 0, { target: 0.01 }],
  [{ window: '6s' }, 0, { window: 6000 }],
  [{ window: '1m30s' }, 0, { window: 90_000 }],
  [{ window: '0.5h' }, 0, { window: 1_800_000 }],
  [{ window: '0.25m' }, 0, { window: 15_000 }],
  [{ window: '6000ms' }, 0, { window: 6000 }],
  [{ window: '1h' }, 0, { window: 3_600_000 }],
  [{ 'scale-to-zero-pod-retention-period': '1m' }, 0, { retention: 60_000 }],
  [{ 'scale-to-zero-pod-retention-period': '0' }, 0, {}],
])('the annotations %o with containerConcurrency %i mean %o', (annotations, concurrency, expected) => {
  const { target, ...rest } = scaled(annotations, concurrency);
  const { target: wanted, ...others } = { ...usual, ...expected };
  expect(rest).toEqual(others);
  expect(target).toBeCloseTo(wanted, 9);
});

test.each<[Record<string, string>, string]>([
  [{ 'min-scale': '-1' }, 'min-scale must be a whole number, and is "-1"'],
  [{ 'max-scale': '1.5' }, 'max-scale must be a whole number, and is "1.5"'],
  [{ 'max-scale': '' }, 'max-scale must be a whole number, and is ""'],
  [{ 'min-scale': '2', 'max-scale': '1' }, 'max-scale is 1, less than min-scale, 2'],
  [{ target: '0' }, 'target must be a number greater than 0, and is "0"'],
  [{ target: 'many' }, 'target must be a number greater than 0, and is "many"'],
  [{ 'target-utilization-percentage': '101' }, 'target-utilization-percentage must be a percentage, and is "101"'],
  [{ 'target-utilization-percentage': '0.5' }, 'target-utilization-percentage must be a percentage, and is "0.5"'],
  [{ window: '5s' }, 'window must be a duration from 6s to 1h, and is "5s"'],
  [{ window: '61m' }, 'window must be a duration from 6s to 1h, and is "61m"'],
  [{ window: '60' }, 'window must be a duration from 6s to 1h, and is "60"'],
  [{ window: 'in 6s' }, 'window must be a duration from 6s to 1h, and is "in 6s"'],
  [{ window: '6s more' }, 'window must be a duration from 6s to 1h, and is "6s more"'],
  [{ 'scale-to-zero-pod-retention-period': '60' }, 'scale-to-zero-pod-retention-period must be a duration up to 1h, and is "60"'],
  [{ window: 'PT60S' }, 'window must be a duration from 6s to 1h, and is "PT60S"'],
  [{ 'scale-to-zero-pod-retention-period': '2h' }, 'scale-to-zero-pod-retention-period must be a duration up to 1h, and is "2h"'],
])('the annotations %o are a fault', (annotations, fault) => expect(scaled(annotations)).toEqual({ ...usual, ...faulty(fault) }));

/** What is wrong is as if it had not been said, but for what is right in itself. */
function faulty(fault: string) {
  return { faults: [fault], ...(fault.startsWith('max-scale is') && { min: 2, max: 1 }) };
}

test('func.yaml is scaled as func deploy would', () => {
  const scale = { min: 1, max: 10, metric: 'concurrency', target: 4, utilization: 80 };
  expect(annotationsOf({ name: 'zip', deploy: { options: { scale } } })).toEqual({
    'autoscaling.knative.dev/min-scale': '1',
    'autoscaling.knative.dev/max-scale': '10',
    'autoscaling.knative.dev/metric': 'concurrency',
    'autoscaling.knative.dev/target': '4',
    'autoscaling.knative.dev/target-utilization-percentage': '80',
  });
  for (const deploy of [undefined, {}, { options: {} }]) expect(annotationsOf({ name: 'zip', deploy })).toEqual({});
});
