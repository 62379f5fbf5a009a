import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { stringify } from 'yaml';
import { createBrokers } from '../src/broker/broker.ts';
import { createIngress } from '../src/broker/ingress.ts';
import { createDestinations } from '../src/destinations.ts';
import { close, listen } from '../src/listen.ts';
import { readManifests } from '../src/manifest/read.ts';
import type { BrokerUnderTest } from './broker-suite/subject.ts';
import { asked } from './folders.ts';

const functions = join(import.meta.dirname, 'fixtures/functions');

export interface LocalBroker extends BrokerUnderTest {
  stop: () => Promise<void>;
  /** What it said. */
  lines: string[];
}

/** The broker of this package behind its real ingress. Ends with the test. */
export async function localBroker(spec: object): Promise<LocalBroker> {
  const config = await mkdtemp(join(tmpdir(), 'broker-'));
  const listening = await listen(0, '127.0.0.1');
  const origin = `http://127.0.0.1:${listening.port}`;
  const lines: string[] = [];
  const noFleet = { pick: () => expect.unreachable('no service takes part') };
  const brokers = createBrokers(createDestinations(noFleet, origin), (_source, line) => lines.push(line));
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
    brokers.apply(await readManifests({ ...asked, config: [config], functions }));
  }
  await apply();
  return { url: `${origin}/default/default`, apply, stop: () => brokers.stop(), lines };
}

/** A Trigger without a filter. */
export const toEverything = (uri: string) => ({
  apiVersion: 'eventing.knative.dev/v1',
  kind: 'Trigger',
  metadata: { name: 'all' },
  spec: { broker: 'default', subscriber: { uri } },
});
