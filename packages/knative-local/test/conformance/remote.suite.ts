import { spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { stringify } from 'yaml';
import { testBroker } from '../broker-suite/index.ts';
import type { BrokerUnderTest } from '../broker-suite/subject.ts';

const {
  CONFORMANCE_BROKER: url = '',
  CONFORMANCE_APPLY: applying = '',
  CONFORMANCE_DELETE: deleting = '',
  CONFORMANCE_SETTLE: settle,
} = process.env;
const name = new URL(url).pathname.split('/').at(-1);

function run(command: string, documents: object[]): void {
  const input = documents.map((document) => stringify(document)).join('---\n');
  const { status, stderr, error } = spawnSync('sh', ['-c', command], { input, encoding: 'utf8' });
  if (status !== 0) throw new Error(`"${command}" failed: ${error?.message ?? stderr}`);
}

/** A Broker that somebody else runs, reached by its address and by commands that take manifests. */
testBroker(async (spec): Promise<BrokerUnderTest> => {
  const documents: object[] = [{ apiVersion: 'eventing.knative.dev/v1', kind: 'Broker', metadata: { name }, spec }];
  onTestFinished(() => run(deleting, documents));
  async function apply(...manifests: object[]) {
    documents.push(...manifests.map((manifest) => onThisBroker(manifest)));
    run(applying, documents);
    await sleep(Number(settle) * 1000);
  }
  await apply();
  return { url, apply };
});

/** The suite's Triggers name the Broker "default". */
function onThisBroker(manifest: object): object {
  const { spec, ...rest } = manifest as { spec?: { broker?: string } };
  return { ...rest, spec: { ...spec, broker: name } };
}
