import { setTimeout as sleep } from 'node:timers/promises';
import { condition, type Kubectl } from '../kubectl.ts';
import { readService, type Service, type Template } from './service.ts';
import { pinned } from './traffic.ts';

/** Seconds that a revision may take to become ready: its image has to be pulled. */
const readySeconds = 300;

/**
 * Makes a revision of a Service, if it is not there yet, and waits until it is ready. If it does not become ready, the Service gets its
 * template back; traffic never moved.
 * @throws with the reason that Knative gives
 */
export async function makeRevision(cluster: Kubectl, service: string, revision: string, template: Template): Promise<void> {
  const { spec } = await readService(cluster, service);
  if (!(await cluster.get('revision', revision))) {
    const named = { ...template, metadata: { ...template.metadata, name: revision } };
    await cluster.update<Service>('ksvc', service, (present) => ({
      ...present,
      spec: { ...present.spec, template: named, traffic: pinned(present) },
    }));
    console.log(`${revision} starts`);
  }
  const reason = await refusal(cluster, revision);
  if (reason === undefined) return;
  await cluster.update<Service>('ksvc', service, (present) => ({
    ...present,
    spec: { ...present.spec, template: spec.template },
  }));
  throw new Error(
    `${revision} does not become ready: ${reason}. Traffic stays where it was. Mend the cause, then: kubectl -n ${cluster.namespace} delete revision ${revision}, and release again.`,
  );
}

/** Why a revision is not ready, once that is certain; undefined if it is. */
async function refusal(cluster: Kubectl, revision: string): Promise<string | undefined> {
  for (let waited = 0; ; waited += 1) {
    const ready = condition(await cluster.get('revision', revision), 'Ready');
    if (ready?.status === 'True') return undefined;
    // There may be room once the pods of the revision before have gone, or on a node that is on its way.
    if (ready?.status === 'False' && ready.reason !== 'Unschedulable')
      return `${ready.reason ?? ''} ${ready.message ?? ''}`.trim();
    if (waited === readySeconds)
      return `not after ${readySeconds} s (${ready?.reason ?? 'no word from Knative'}: ${ready?.message ?? ''})`;
    await sleep(1000);
  }
}
