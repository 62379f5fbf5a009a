import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { stringify } from 'yaml';
import { createBrokers } from '../src/broker/broker.ts';
import { createIngress } from '../src/broker/ingress.ts';
import { createDestinations } from '../src/destinations.ts';
import { limits } from '../src/limits.ts';
import { close, listen } from '../src/listen.ts';
import { readManifests } from '../src/manifest/read.ts';
import { local } from './broker-suite/behaviour.ts';
import { testBroker } from './broker-suite/index.ts';
import { type BrokerUnderTest, eventually } from './broker-suite/subject.ts';
import { asked } from './folders.ts';
import { binary, startSubscriber } from './subscriber.ts';

const functions = join(import.meta.dirname, 'fixtures/functions');

async function localBroker(spec: object): Promise<BrokerUnderTest> {
  const config = await mkdtemp(join(tmpdir(), 'broker-'));
  const listening = await listen(0, '127.0.0.1');
  const origin = `http://127.0.0.1:${listening.port}`;
  const noFleet = { pick: () => expect.unreachable('no service takes part') };
  const brokers = createBrokers(createDestinations(noFleet, origin), () => undefined);
  listening.server.on('request', createIngress(brokers));
  onTestFinished(async () => {
    await Promise.all([brokers.stop(), close(listening, 0)]);
    await rm(config, { recursive: true });
  });

  const documents: object[] = [
    { apiVersion: 'eventing.knative.dev/v1', kind: 'Broker', metadata: { name: 'default' }, spec },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings' } },
  ];
  async function apply(...manifests: object[]) {
    documents.push(...manifests);
    await writeFile(join(config, 'all.yaml'), documents.map((document) => stringify(document)).join('---\n'));
    brokers.apply(await readManifests({ ...asked, config, functions }));
  }
  await apply();
  return { url: `${origin}/default/default`, apply };
}

testBroker(localBroker, local);

const toEverything = (uri: string) => ({
  apiVersion: 'eventing.knative.dev/v1',
  kind: 'Trigger',
  metadata: { name: 'all' },
  spec: { broker: 'default', subscriber: { uri } },
});

test('an event beyond the limit is refused with 413, whether its length is announced or not', async () => {
  const { url } = await localBroker({});
  const body = Buffer.alloc(limits.eventBytes + 1);
  expect((await fetch(url, { method: 'POST', headers: binary({}), body })).status).toBe(413);
  const stream = new Blob([body]).stream();
  expect((await fetch(url, { method: 'POST', headers: binary({}), body: stream, duplex: 'half' })).status).toBe(413);
});

test('a broker that is full asks to come back later, and takes events in again afterwards', async () => {
  const { url, apply } = await localBroker({});
  const held: (() => void)[] = [];
  const subscriber = await startSubscriber((response) => held.push(() => response.writeHead(204).end()));
  await apply(toEverything(subscriber.url));
  const send = () => fetch(url, { method: 'POST', headers: binary({}), body: Buffer.alloc(limits.eventBytes) });
  const fitting = limits.waitingBytes / limits.eventBytes;
  for (let sent = 0; sent < fitting; sent += 1) expect((await send()).status).toBe(202);
  const refused = await send();
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);

  await eventually(() => {
    for (const release of held.splice(0)) release();
    expect(subscriber.received.length).toBe(fitting);
  });
  await eventually(async () => expect((await send()).status).toBe(202));
  for (const release of held.splice(0)) release();
});

test('requests in flight to one subscriber are limited', async () => {
  const { url, apply } = await localBroker({});
  let inFlight = 0;
  let most = 0;
  const subscriber = await startSubscriber((response) => {
    most = Math.max(most, (inFlight += 1));
    setImmediate(() => {
      inFlight -= 1;
      response.writeHead(204).end();
    });
  });
  await apply(toEverything(subscriber.url));
  const count = limits.urlConcurrency * 4;
  await Promise.all(Array.from({ length: count }, () => fetch(url, { method: 'POST', headers: binary({}) })));
  await eventually(() => expect(subscriber.received.length).toBe(count));
  expect(most).toBeLessThanOrEqual(limits.urlConcurrency);
});

test('attributes that a header cannot carry are percent-encoded, and filters see them all the same', async () => {
  const { url, apply } = await localBroker({});
  const { url: uri, received } = await startSubscriber();
  await apply({
    ...toEverything(uri),
    spec: { broker: 'default', filter: { attributes: { subject: 'Grüße' } }, subscriber: { uri } },
  });
  const event = { specversion: '1.0', id: '1', source: '/test', type: 'test', subject: 'Grüße' };
  await fetch(url, { method: 'POST', headers: { 'content-type': 'application/cloudevents+json' }, body: JSON.stringify(event) });
  await eventually(() => expect(received[0]?.headers['ce-subject']).toBe('Gr%C3%BC%C3%9Fe'));
});
