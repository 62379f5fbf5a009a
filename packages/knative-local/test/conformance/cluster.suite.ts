import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { onTestFinished } from 'vitest';
import { knative, type KnativeVersion } from '../broker-suite/behaviour.ts';
import { testBroker } from '../broker-suite/index.ts';
import type { BrokerUnderTest } from '../broker-suite/subject.ts';

const { CONFORMANCE_BROKER = '', CONFORMANCE_KNATIVE = '', CONFORMANCE_SYNC } = process.env;
const address = CONFORMANCE_BROKER.replace(/\/$/, '');
const namespace = new URL(address).pathname.slice(1);
const asynchronous = CONFORMANCE_SYNC !== 'true';

/** @throws with what kubectl said */
function kubectl(args: string[], input?: string): void {
  execFileSync('kubectl', ['--namespace', namespace, ...args], { input, stdio: ['pipe', 'pipe', 'pipe'] });
}

type Manifest = { kind: string; metadata: { name: string }; spec?: object };

/** JSON, since YAML as kubectl reads it takes "no" for a boolean. */
function applyAndAwait(manifests: Manifest[]): void {
  kubectl(['apply', '--filename', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: manifests }));
  const names = manifests.map(({ kind, metadata }) => `${kind.toLowerCase()}/${metadata.name}`);
  kubectl(['wait', '--for=condition=Ready', '--timeout=300s', ...names]);
}

/** A Broker in a cluster, new for each test: one of the same name would inherit the channel that is still being deleted. */
async function clusterBroker(spec: object): Promise<BrokerUnderTest> {
  const name = `test-${randomBytes(4).toString('hex')}`;
  const annotations = { 'messaging.knative.dev/async-handler': String(asynchronous) };
  const label = { conformance: name };
  onTestFinished(() => kubectl(['delete', 'trigger,broker', '--selector', `conformance=${name}`, '--wait=false']));
  applyAndAwait([
    { apiVersion: 'eventing.knative.dev/v1', kind: 'Broker', metadata: { name, annotations, labels: label }, spec } as Manifest,
  ]);

  const onThisBroker = (trigger: Manifest): Manifest =>
    ({
      ...trigger,
      metadata: { name: `${name}-${trigger.metadata.name}`, labels: label },
      spec: { ...trigger.spec, broker: name },
    }) as Manifest;
  return {
    url: `${address}/${name}`,
    async apply(...triggers) {
      applyAndAwait((triggers as Manifest[]).map(onThisBroker));
    },
  };
}

testBroker(clusterBroker, knative(CONFORMANCE_KNATIVE as KnativeVersion, asynchronous));
