import type { Topology } from '../manifest/topology.ts';
import type { Revision } from '../process/revision.ts';
import type { Decision } from './decision.ts';
import { followingEventing } from './eventing.ts';
import { definitionsOfKinds } from './kinds.ts';
import { type KubeObject, timestamp } from './object.ts';
import type { Pods } from './pods.ts';
import { followingServing } from './serving.ts';

/** What the state of objects follows from. */
export interface Situation {
  decisions: ReadonlyMap<string, Decision>;
  /** What is in effect. */
  topology: Topology;
  /** Those that have a process. */
  revisions: Iterable<Revision>;
  pods: Pods;
  /** Where a service answers, with a tag or without. */
  urlOf: (service: string, tag?: string) => string;
  brokerUrlOf: (broker: string) => string;
  namespace: string;
  /** When the runtime began, in milliseconds since 1970. */
  begun: number;
}

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
