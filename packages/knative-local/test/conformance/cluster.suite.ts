import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { onTestFinished } from 'vitest';
import { knative, type KnativeVersion } from '../broker-suite/behaviour.ts';
import { testBroker } from '../broker-suite/index.ts';
import { type BrokerUnderTest, send, trigger } from '../broker-suite/subject.ts';
import { binary, probe, startSubscriber } from '../subscriber.ts';

const { CONFORMANCE_BROKER = '', CONFORMANCE_KNATIVE = '', CONFORMANCE_SYNC } = process.env;
const address = CONFORMANCE_BROKER.replace(/\/$/, '');
const namespace = new URL(address).pathname.slice(1);
const asynchronous = CONFORMANCE_SYNC !== 'true';

/** @throws with what kubectl said */
async function kubectl(args: string[], input = ''): Promise<void> {
  const running = promisify(execFile)('kubectl', ['--namespace', namespace, ...args]);
  running.child.stdin?.end(input);
  await running;
}

interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; annotations?: object; labels?: object };
  spec: object;
}

/** JSON, since YAML as kubectl reads it takes "no" for a boolean. */
async function applyAndAwait(manifests: Manifest[]): Promise<void> {
  await kubectl(['apply', '--filename', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: manifests }));
  const names = manifests.map(({ kind, metadata }) => `${kind.toLowerCase()}/${metadata.name}`);
  await kubectl(['wait', '--for=condition=Ready', '--timeout=300s', ...names]);
}

/** A Broker in a cluster, new for each test: one of the same name would inherit the channel that is still being deleted. */
async function clusterBroker(spec: object): Promise<BrokerUnderTest> {
  const name = `test-${randomBytes(4).toString('hex')}`;
  const annotations = { 'messaging.knative.dev/async-handler': String(asynchronous) };
  const label = { conformance: name };
  onTestFinished(() => kubectl(['delete', 'trigger,broker', '--selector', `conformance=${name}`, '--wait=false']));
  const url = `${address}/${name}`;
  await applyAndAwait([
    { apiVersion: 'eventing.knative.dev/v1', kind: 'Broker', metadata: { name, annotations, labels: label }, spec },
  ]);

  // Ready, and yet the ingress may not know it.
  while ((await send(url, binary({ type: probe }))).status !== 202) await sleep(50);

  const onThisBroker = (manifest: object): Manifest => {
    const own = manifest as Manifest;
    return { ...own, metadata: { name: `${name}-${own.metadata.name}`, labels: label }, spec: { ...own.spec, broker: name } };
  };

  /**
   * A Trigger is Ready a moment before the channel's dispatcher and the filter know it. Once an event has come through one
   * that was made after all others were Ready, they know the others as well.
   */
  async function inEffect(): Promise<void> {
    const witness = await startSubscriber();
    await applyAndAwait([onThisBroker(trigger(`probe-${randomBytes(4).toString('hex')}`, witness.url, { type: probe }))]);
    while (witness.probes.length === 0) {
      await send(url, binary({ type: probe }));
      await sleep(50);
    }
  }

  return {
    url,
    async apply(...triggers) {
      await applyAndAwait(triggers.map(onThisBroker));
      await inEffect();
    },
  };
}

testBroker(clusterBroker, knative(CONFORMANCE_KNATIVE as KnativeVersion, asynchronous));
