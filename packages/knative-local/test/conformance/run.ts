/**
 * npm run conformance
 *   tests the local broker
 * npm run conformance -- --broker http://<ingress>/<namespace> --sink HOST [--knative 1.15] [--sync] [-t NAME]
 *   tests the Brokers of a cluster with the same suite, using the kubectl on the PATH
 *
 * --broker   where the cluster's Brokers accept events; each test makes its own Broker in that namespace, which must exist
 * --sink     the name or address by which the cluster reaches this machine
 * --knative  whose known differences are expected: 1.15, or 1.22 (the default)
 * --sync     without messaging.knative.dev/async-handler
 * -t         only the tests of that name
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startVitest } from 'vitest/node';

const text = { type: 'string' as const };
const options = {
  broker: text,
  sink: text,
  knative: { ...text, default: '1.22' },
  sync: { type: 'boolean' as const },
  name: { ...text, short: 't' },
};
const { values } = parseArgs({ options });
const { broker, sink, knative, sync, name } = values;

function refuse(sentence: string): never {
  console.error(sentence);
  process.exit(2);
}
if (broker !== undefined && !/^https?:\/\/[^/]+\/[^/]+\/?$/.test(broker))
  refuse(`--broker is "${broker}". Give the ingress and the namespace: http://<ingress>/<namespace>`);
if (broker !== undefined && sink === undefined)
  refuse('--sink is missing. Give the name or address by which the cluster reaches this machine.');
if (!['1.15', '1.22'].includes(knative)) refuse(`--knative is "${knative}". The suite knows 1.15 and 1.22.`);

Object.assign(process.env, {
  CONFORMANCE_BROKER: broker ?? '',
  CONFORMANCE_SINK: sink ?? '',
  CONFORMANCE_KNATIVE: knative,
  CONFORMANCE_SYNC: String(sync ?? false),
});
const suite = broker === undefined ? '../broker.test.ts' : 'cluster.suite.ts';
const vitest = await startVitest('test', [], {
  include: [join(import.meta.dirname, suite)],
  reporters: ['verbose', join(import.meta.dirname, '../../../../scripts/tally.ts')],
  ...(name !== undefined && { testNamePattern: name }),
  watch: false,
});
await vitest.close();
