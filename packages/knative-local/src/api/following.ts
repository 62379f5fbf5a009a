import { followingEventing } from './eventing.ts';
import { definitionsOfKinds } from './kinds.ts';
import { type KubeObject, timestamp } from './object.ts';
import { followingServing } from './serving.ts';
import type { Situation } from './situation.ts';

/** Every object as clients see it: what was decided, with its status, and what follows from it. */
export function objectsIn(situation: Situation): KubeObject[] {
  const { decisions, namespace, begun, pods } = situation;
  const decided = [...decisions.values()];
  const services = decided.filter(({ object }) => object.kind === 'Service');
  const others = decided.filter(({ object }) => object.kind !== 'Service').map(({ object }) => object);
  const objects = [
    ...services.flatMap((decision) => followingServing(decision, situation)),
    ...others.map((object) => ({ ...object, ...followingEventing(object, situation) })),
    ...pods.list(decisions),
  ];
  const home = {
    name: namespace,
    uid: `namespace-${namespace}`,
    creationTimestamp: timestamp(begun),
    labels: { 'kubernetes.io/metadata.name': namespace },
  };
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: home, spec: { finalizers: ['kubernetes'] }, status: { phase: 'Active' } },
    ...definitionsOfKinds(timestamp(begun)),
    ...objects.map((object) => ({ ...object, metadata: { ...object.metadata, namespace } })),
  ];
}
