import { Rejected } from '@darkroom/shared/errors';
import { archiveCreated, imageUploaded, pingType } from '@darkroom/shared/events';
import { CloudEvent } from 'cloudevents';
import { expect, test } from 'vitest';
import { readTask } from '../src/task.ts';

const job = '00000000-0000-4000-8000-000000000001';
const photo = imageUploaded({ job, filters: ['grayscale', 'sepia'], archive: true }, '1');
const failing = (error: Record<string, unknown> = {}) => readTask(photo.cloneWith(error)).failed!;
const ping = (data: unknown) => readTask({ type: pingType, data });

test.each<[string, unknown, object]>([
  ['to look', { idleSeconds: 30 }, { idleSeconds: 30 }],
  ['to look at what stands still for no time at all', { idleSeconds: 0 }, { idleSeconds: 0 }],
  ['to remove', { expire: true }, { expire: true }],
  ['to look and not to remove', { idleSeconds: 60, expire: false }, { idleSeconds: 60, expire: false }],
  ['nothing', {}, {}],
  ['in text, as a PingSource sends it', '{"idleSeconds": 30}', { idleSeconds: 30 }],
  ['in bytes', Buffer.from('{"expire": true}'), { expire: true }],
])('a ping asks %s', (_what, data, task) => {
  expect(ping(data)).toEqual({ type: pingType, ...task });
});

test.each<[string, unknown]>([
  ['no data', undefined],
  ['no JSON', 'soon'],
  ['JSON that is no object', '30'],
  ['a time in words', { idleSeconds: 'soon' }],
  ['a time that has not been', { idleSeconds: -1 }],
  ['removal in words', { expire: 'yes' }],
])('a ping with %s is refused, in words that say what it needs', (_what, data) => {
  expect(() => ping(data)).toThrow(Rejected);
  expect(() => ping(data)).toThrow(
    expect.objectContaining({ status: 400, message: expect.stringContaining('{"idleSeconds": 60}') }),
  );
});

test.each<[string, unknown]>([
  ['nothing', undefined],
  ['no type', { job }],
  ['a type that is no text', { type: 7, job }],
  ['an event of others', { type: 'com.example.other', job }],
  ['an event of a job that is a path', { type: photo.type, job: '../../etc' }],
  ['an error that is an object', { ...photo, knativeerrorcode: {} }],
  ['a destination that is no text', { ...photo, knativeerrordest: 7 }],
])('%s is refused as the fault of the sender', (_what, received) => {
  expect(() => readTask(received)).toThrow(Rejected);
  expect(() => readTask(received)).toThrow(expect.objectContaining({ status: 400 }));
});

test('a dead letter says what failed, at which stage, and why', () => {
  const failure = {
    knativeerrordest: 'http://sepia.darkroom.svc.cluster.local',
    knativeerrorcode: 500,
    knativeerrordata: Buffer.from('out of memory').toString('base64'),
  };
  expect(readTask(photo.cloneWith(failure))).toEqual({
    type: photo.type,
    job,
    failed: {
      type: photo.type,
      job,
      image: '1',
      stage: 'sepia',
      code: '500',
      reason: 'out of memory',
      attributes: expect.objectContaining({ type: photo.type, id: photo.id, source: photo.source, job, image: '1' }),
    },
  });
});

test('what the broker does not say is left out', () => {
  const failed = failing();
  for (const field of ['stage', 'code', 'reason']) expect(failed).not.toHaveProperty(field);
  expect(readTask(archiveCreated(job)).failed).toMatchObject({ type: 'dev.darkroom.archive.created', job });
});

test.each([
  ['http://sepia.darkroom.svc.cluster.local', 'sepia'],
  ['https://sepia.darkroom.example.com/path', 'sepia'],
  ['http://oil-paint-2', 'oil-paint-2'],
  [`http://${'s'.repeat(63)}`, 's'.repeat(63)],
  ['http://mybroker-ingress', 'mybroker-ingress'],
  ['http://my-broker-ingress-2.x', 'my-broker-ingress-2'],
  ['http://broker-ingress.knative-eventing.svc.cluster.local/darkroom/default', undefined],
  ['http://kafka-broker-ingress.x', undefined],
  ['http://10.0.0.7:8080', undefined],
  ['http://7up.example.com', undefined],
  ['sepia', undefined],
  ['', undefined],
])('an event that could not be delivered to %j failed at %s', (knativeerrordest, stage) => {
  expect(failing({ knativeerrordest }).stage).toBe(stage);
});

test.each([
  [500, '500'],
  ['503', '503'],
  [true, 'true'],
  ['', undefined],
  ['5'.repeat(200), '5'.repeat(100)],
])('the code %j is kept as %j', (knativeerrorcode, code) => {
  expect(readTask({ ...photo, knativeerrorcode }).failed!.code).toBe(code);
});

test('the attributes are those that the event began with, so that it can be sent again', () => {
  const { attributes } = failing({
    knativeerrordest: 'http://sepia',
    knativeerrorcode: '500',
    knativearrivaltime: '2026-07-01T12:00:00Z',
    timezone: 'kept',
    metadata: 'kept',
  });
  expect(attributes).toEqual({
    type: photo.type,
    source: photo.source,
    id: photo.id,
    job,
    image: '1',
    grayscale: 'true',
    sepia: 'true',
    archive: 'true',
    timezone: 'kept',
    metadata: 'kept',
  });
});

test('of what anyone can send, only so much is kept', () => {
  const many = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`extra${index}`, 'x']));
  const event = new CloudEvent({
    type: photo.type,
    source: '/x',
    job,
    long: 'x'.repeat(101),
    longest: 'x'.repeat(100),
    count: 7,
  });
  const { attributes } = readTask({ ...event, ...many }).failed!;
  expect(Object.keys(attributes)).toHaveLength(30);
  expect(attributes).toMatchObject({ type: photo.type, job, longest: 'x'.repeat(100) });
  expect(attributes).not.toHaveProperty('long');
  expect(attributes).not.toHaveProperty('count');
});
