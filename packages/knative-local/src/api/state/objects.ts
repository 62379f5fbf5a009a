import { kinds } from '../model/kinds.ts';
import { type KubeObject, type Metadata, timestamp } from '../model/object.ts';
import { eventingStatus } from './eventing.ts';
import { servingObjects } from './serving.ts';
import type { Situation } from './situation.ts';

/** Every object as clients see it: what was decided, with its status, and what follows from it. */
export function objectsIn(situation: Situation): KubeObject[] {
  const { decisions, namespace, begun, pods } = situation;
  const decided = [...decisions.values()];
  const services = decided.filter(({ object }) => object.kind === 'Service');
  const others = decided.filter(({ object }) => object.kind !== 'Service').map(({ object }) => object);
  const objects = [
    ...services.flatMap((decision) => servingObjects(decision, situation)),
    ...others.map((object) => ({ ...object, status: eventingStatus(object, situation) })),
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
    ...definitions(timestamp(begun)),
    ...objects.map((object) => ({ ...object, metadata: { ...metadataOf(object), namespace } })),
  ];
}

/** ConfigMaps, Secrets and Pods have no generation: whoever reads them has no status to write it to. */
function metadataOf({ apiVersion, metadata }: KubeObject): Metadata {
  const { generation, ...rest } = metadata;
  return apiVersion === 'v1' || generation === undefined ? rest : { ...rest, generation };
}

/** Knative's kinds, as an installation of Knative defines them. */
function definitions(creationTimestamp: string): KubeObject[] {
  return kinds
    .filter(({ group }) => group.endsWith('knative.dev'))
    .map(({ group, kind, plural, singular, shortNames, categories, versions }) => {
      const name = `${plural}.${group}`;
      const labels = group === 'sources.knative.dev' ? { 'duck.knative.dev/source': 'true' } : {};
      const served = versions.map((each, index) => ({ name: each, served: true, storage: index === 0 }));
      const names = { kind, plural, singular, shortNames, categories, listKind: `${kind}List` };
      return {
        apiVersion: 'apiextensions.k8s.io/v1',
        kind: 'CustomResourceDefinition',
        metadata: { name, uid: `definition-${name}`, creationTimestamp, labels },
        spec: { group, names, scope: 'Namespaced', versions: served },
      };
    });
}
