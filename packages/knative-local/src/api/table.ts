import type { Kind } from './kinds.ts';
import type { KubeObject } from './object.ts';

/** How a client wants objects: in full, as rows of `kubectl get`, or only their metadata. */
export type Form = 'object' | 'table' | 'metadata';

/** Objects as the rows that `kubectl get` prints. */
export function tableOf(kind: Kind, objects: KubeObject[], version: string, now: number, include: string | null): object {
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: { resourceVersion: version },
    columnDefinitions: kind.columns.map(({ name, type, priority }, index) => ({
      name,
      type,
      priority,
      description: name,
      format: index === 0 ? 'name' : '',
    })),
    rows: objects.map((object) => ({
      cells: kind.columns.map(({ cell }) => cell(object, now)),
      ...(include !== 'None' && { object: include === 'Object' ? object : metadataOf(object) }),
    })),
  };
}

export function metadataOf({ metadata }: KubeObject): object {
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata };
}
