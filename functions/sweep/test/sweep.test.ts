import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventType, imageUploaded, pingType } from '@darkroom/shared/events';
import type { Job } from '@darkroom/shared/job';
import { keys } from '@darkroom/shared/job/keys';
import { json, readJson } from '@darkroom/shared/store';
import { CloudEvent } from 'cloudevents';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type RunningFunction, startFunction } from '../../../packages/shared/test/support/function.ts';
import { type Lab, openLab, photo } from '../../../packages/shared/test/support/lab.ts';

let lab: Lab;
let sweep: RunningFunction;
let broker: Server;
/** The headers of every event that sweep emitted. */
let emitted: Record<string, string>[] = [];
/** The broker's answer waits for this. */
let held = Promise.resolve();

beforeAll(async () => {
  lab = await openLab();
  broker = createServer((request, response) => {
    emitted.push(request.headers as Record<string, string>);
    request.resume().on('end', () => void held.then(() => response.writeHead(202).end()));
  }).listen(0, '127.0.0.1');
  await once(broker, 'listening');
  const K_SINK = `http://127.0.0.1:${(broker.address() as AddressInfo).port}/default/default`;
  sweep = await startFunction('sweep', { ...lab.environment, K_SINK, JOB_DEADLINE: '3600', RETENTION: '86400' });
});
beforeEach(async () => {
  for (const key of await lab.keys()) await lab.store.remove(key);
  emitted = [];
});
afterAll(async () => {
  await sweep.stop();
  broker.close();
  await lab.close();
});

const ping = (data: object) => sweep.deliver(new CloudEvent({ type: pingType, source: '/ping', data }));
const step = ({
  'ce-type': type,
  'ce-image': image,
  'ce-grayscale': grey,
  'ce-sepia': sepia,
  'ce-filter': filter,
}: Record<string, string>) =>
  [type?.replace('dev.darkroom.', ''), image, grey && 'grayscale', sepia && 'sepia', filter].filter(Boolean).join(' ');
const print = async (job: Job, image: string, filter: string) =>
  lab.store.write(keys.print(job, { image, type: 'image/jpeg' }, filter), await photo());

test('emits again exactly what is missing, image by image', async () => {
  const job = await lab.accept({ names: ['a.jpg', 'b.jpg', 'c.jpg'] });
  await print(job, '1', 'grayscale');
  await print(job, '2', 'grayscale');
  await print(job, '2', 'sepia');
  expect((await ping({ idleSeconds: 0 })).status).toBe(204);
  expect(emitted.map(step).sort()).toEqual(['image.uploaded 1 sepia', 'image.uploaded 3 grayscale sepia']);
  expect(emitted[0]).toMatchObject({ 'ce-job': job.job, 'ce-archive': 'true' });
});

test('asks for the archive, then for the mail, then closes', async () => {
  const job = await lab.accept();
  await print(job, '1', 'grayscale');
  await print(job, '1', 'sepia');
  await ping({ idleSeconds: 0 });
  await lab.store.write(keys.archive(job.job), Buffer.from('zip'));
  await ping({ idleSeconds: 0 });
  await lab.store.write(keys.completed(job.job), json({ status: 'completed', completedAt: '', mail: 'sent' }));
  await ping({ idleSeconds: 0 });
  expect(emitted.map(step)).toEqual(['filter.finished 1 sepia', 'archive.created', 'job.completed']);
  expect(await lab.store.stat(keys.open(job.job))).toBeUndefined();
});

test('leaves alone what is at work', async () => {
  await lab.accept();
  await ping({ idleSeconds: 60 });
  expect(emitted).toEqual([]);
});

test('a dead letter is recorded, without addresses', async () => {
  const job = await lab.accept();
  const deadLetter = imageUploaded(job, '1').cloneWith({
    knativeerrordest: 'http://sepia.darkroom.svc.cluster.local',
    knativeerrorcode: 500,
    knativeerrordata: Buffer.from('out of memory for person@example.com').toString('base64'),
  });
  for (let delivery = 0; delivery < 3; delivery += 1) expect((await sweep.deliver(deadLetter)).status).toBe(204);
  expect(await readJson(lab.store, keys.dead(job.job, '1', 'sepia'))).toMatchObject({
    event: { type: eventType.imageUploaded, job: job.job, image: '1', sepia: 'true', id: `${job.job}/1/ingest` },
    stage: 'sepia',
    code: '500',
    reason: 'out of memory for [address]',
    count: 1,
  });
  expect(await lab.store.stat(keys.rejection(job.job, '1', 'sepia'))).toBeUndefined();
  expect(emitted).toEqual([]);
  expect(sweep.output()).not.toContain('person@');
});

test.each([
  undefined,
  'http://broker-ingress.knative-eventing.svc.cluster.local/darkroom/default',
  'http://kafka-broker-ingress.x',
])('a dead letter of %s is recorded for the stage that the job still waits for', async (knativeerrordest) => {
  const job = await lab.accept();
  await print(job, '1', 'grayscale');
  const deadLetter = imageUploaded(job, '1').cloneWith(knativeerrordest === undefined ? {} : { knativeerrordest });
  expect((await sweep.deliver(deadLetter)).status).toBe(204);
  expect(await readJson(lab.store, keys.dead(job.job, '1', 'sepia'))).toMatchObject({ stage: 'sepia', count: 1 });
});

test('during a look, a dead letter is recorded, and another ping does not look a second time', async () => {
  const job = await lab.accept();
  let release = () => {};
  held = new Promise((resolve) => (release = resolve));
  const look = ping({ idleSeconds: 0 });
  await expect.poll(() => emitted.length).toBe(1);
  const deadLetter = imageUploaded(job, '1').cloneWith({ knativeerrordest: 'http://sepia.darkroom.svc.cluster.local' });
  expect((await sweep.deliver(deadLetter)).status).toBe(204);
  expect(await readJson(lab.store, keys.dead(job.job, '1', 'sepia'))).toMatchObject({ count: 1 });
  expect((await ping({ idleSeconds: 0 })).status).toBe(204);
  expect(emitted).toHaveLength(1);
  release();
  expect((await look).status).toBe(204);
  await ping({ idleSeconds: 0 });
  expect(emitted.length).toBeGreaterThan(1);
});

test('removes jobs past their retention, and the remains of broken uploads', async () => {
  const job = await lab.accept();
  await ping({ expire: true });
  expect(await lab.store.stat(keys.job(job.job))).toBeDefined();
  const strict = await startFunction('sweep', { ...lab.environment, RETENTION: '1' });
  await new Promise((wake) => setTimeout(wake, 1_100));
  await strict.deliver(new CloudEvent({ type: pingType, source: '/ping', data: { expire: true } }));
  await strict.stop();
  expect(await lab.keys()).toEqual([keys.gone(job.job), keys.sweepTime]);
});

test.each<[object]>([
  [{ type: 'com.example.other', source: '/x', job: 'b4a8b8a5-2d35-4c7e-9d3a-0c5d2c9a7b11', data: {} }],
  [{ type: eventType.imageUploaded, source: '/x', job: '../../etc', data: {} }],
  [{ type: pingType, source: '/x', data: { idleSeconds: 'soon' } }],
  [{ type: pingType, source: '/x', data: 'soon' }],
])('answers 400 to what it cannot use: %j', async (event) => {
  expect((await sweep.deliver(new CloudEvent(event as { type: string; source: string }))).status).toBe(400);
});

test('however much there is to say, the body of a refusal stays below what ends a dispatcher, in whole characters', async () => {
  const { status, text } = await sweep.deliver(
    new CloudEvent({ type: eventType.imageUploaded, source: '/x', job: `-${'ü'.repeat(900)}`, data: {} }),
  );
  expect(status).toBe(400);
  expect(text).toMatch(/^Not an event that Darkroom understands/);
  expect(text).not.toContain('\ufffd');
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(700);
  expect(Buffer.byteLength(text)).toBeGreaterThan(690);
});
