/**
 * npm run conformance
 *   judges the local broker
 * npm run conformance -- --broker URL --sink HOST [--apply COMMAND] [--delete COMMAND] [--settle SECONDS]
 *   judges any broker by the very same suite
 *
 * --broker  where events are posted: http://<ingress>/<namespace>/<name>; a Broker of that name is made anew for each check
 * --sink    the name or address by which the broker reaches this machine
 * --apply   takes manifests on its standard input          (kubectl apply -n <namespace> -f -)
 * --delete  removes what those manifests name              (kubectl delete -n <namespace> --ignore-not-found -f -)
 * --settle  how long manifests take until they are in effect (10)
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startVitest } from 'vitest/node';

const text = { type: 'string' as const };
const { values } = parseArgs({ options: { broker: text, sink: text, apply: text, delete: text, settle: text } });
const namespace = values.broker === undefined ? '' : new URL(values.broker).pathname.split('/')[1];

Object.assign(process.env, {
  CONFORMANCE_BROKER: values.broker ?? '',
  CONFORMANCE_SINK: values.sink ?? '',
  CONFORMANCE_APPLY: values.apply ?? `kubectl apply -n ${namespace} -f -`,
  CONFORMANCE_DELETE: values.delete ?? `kubectl delete -n ${namespace} --ignore-not-found -f -`,
  CONFORMANCE_SETTLE: values.settle ?? '10',
});
const suite = values.broker === undefined ? 'broker.test.ts' : 'conformance/remote.suite.ts';
const vitest = await startVitest('test', [], {
  include: [join(import.meta.dirname, '..', suite)],
  reporters: ['verbose', join(import.meta.dirname, '../../../../scripts/tally.ts')],
  // One Broker is made anew for each check, so they must take turns.
  fileParallelism: false,
  watch: false,
});
await vitest.close();
