import type { Kind } from '../model/kinds.ts';
import { fieldOf, isFields, type KubeObject } from '../model/object.ts';

/** How a client wants objects: as they are, or as rows of `kubectl get`. */
export type Form = 'object' | 'table';

/** Objects as the rows that `kubectl get` prints. */
export function tableOf(
  kind: Kind,
  objects: KubeObject[],
  { metadata, now, query }: { metadata: object; now: number; query: URLSearchParams },
): object {
  const include = query.get('includeObject');
  const own = columns[kind.kind] ?? [];
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata,
    columnDefinitions: own.map(({ name, type, priority }, index) => ({
      name,
      type,
      priority,
      description: name,
      format: index === 0 ? 'name' : '',
    })),
    rows: objects.map((object) => ({
      cells: own.map(({ cell }) => cell(object, now)),
      ...(include !== 'None' && { object: include === 'Object' ? object : metadataOf(object) }),
    })),
  };
}

function metadataOf({ metadata }: KubeObject): object {
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata };
}

/** A column of `kubectl get`. */
interface Column {
  name: string;
  type: 'string' | 'integer' | 'date';
  /** 1: only with `-o wide`. */
  priority: 0 | 1;
  cell: (object: KubeObject, now: number) => unknown;
}

function column(name: string, cell: string | Column['cell'], priority: 0 | 1 = 0, type: Column['type'] = 'string'): Column {
  return { name, type, priority, cell: typeof cell === 'string' ? (object) => fieldOf(object, cell) ?? null : cell };
}

const name = column('Name', 'metadata.name');
const age = column('Age', ({ metadata }, now) => humanDuration(now - Date.parse(metadata.creationTimestamp ?? '')));
const ready = [
  column('Ready', (object) => conditionOf(object, 'Ready')?.['status'] ?? null),
  column('Reason', (object) => conditionOf(object, 'Ready')?.['reason'] ?? null),
];
const latest = [
  column('LatestCreated', 'status.latestCreatedRevisionName'),
  column('LatestReady', 'status.latestReadyRevisionName'),
];
const sizeOf = (object: KubeObject) => Object.keys(object['data'] ?? {}).length;
const attribute = (wanted: string) => (object: KubeObject) => {
  const attributes = (fieldOf(object, 'spec.attributes') ?? []) as { name: string; value?: string }[];
  return attributes.find((each) => each.name === wanted)?.value ?? fieldOf(object, `spec.${wanted}`) ?? null;
};
const containers = (object: KubeObject) =>
  (fieldOf(object, 'status.containerStatuses') ?? []) as { ready: boolean; restartCount: number; state: object }[];

/** The columns that a cluster has, by kind. */
export const columns: Record<string, Column[]> = {
  Namespace: [name, column('Status', 'status.phase'), age],
  ConfigMap: [name, column('Data', sizeOf, 0, 'integer'), age],
  Secret: [name, column('Type', 'type'), column('Data', sizeOf, 0, 'integer'), age],
  Pod: [
    name,
    column('Ready', (pod) => `${containers(pod).filter((each) => each.ready).length}/${containers(pod).length}`),
    column('Status', phaseOf),
    column('Restarts', (pod) => containers(pod)[0]?.restartCount ?? 0, 0, 'integer'),
    age,
    column('IP', 'status.podIP', 1),
    column('Process', (pod) => pod.metadata.annotations?.['knative-local/process'] ?? null, 1),
  ],
  CustomResourceDefinition: [name, column('Created At', 'metadata.creationTimestamp')],
  Event: [column('Last Seen', 'lastTimestamp'), column('Type', 'type'), column('Reason', 'reason'), column('Message', 'message')],
  Service: [name, column('URL', 'status.url'), ...latest, ...ready],
  Revision: [
    name,
    column('Config Name', ({ metadata }) => metadata.labels?.['serving.knative.dev/configuration'] ?? null),
    column('Generation', ({ metadata }) => metadata.labels?.['serving.knative.dev/configurationGeneration'] ?? null),
    ...ready,
    column('Actual Replicas', 'status.actualReplicas', 0, 'integer'),
    column('Desired Replicas', 'status.desiredReplicas', 0, 'integer'),
  ],
  Route: [name, column('URL', 'status.url'), ...ready],
  Configuration: [name, ...latest, ...ready],
  Broker: [name, column('URL', 'status.address.url'), age, ...ready],
  Trigger: [name, column('Broker', 'spec.broker'), column('Subscriber_URI', 'status.subscriberUri'), age, ...ready],
  EventType: [
    name,
    column('Type', attribute('type')),
    column('Source', attribute('source')),
    column('Reference Name', 'spec.reference.name'),
    column('Reference Kind', 'spec.reference.kind'),
    column('Description', 'spec.description'),
    ...ready,
  ],
  PingSource: [name, column('Sink', 'status.sinkUri'), column('Schedule', 'spec.schedule'), age, ...ready],
};

function conditionOf(object: KubeObject, type: string): Record<string, unknown> | undefined {
  const conditions = fieldOf(object, 'status.conditions');
  return Array.isArray(conditions) ? conditions.filter(isFields).find((each) => each['type'] === type) : undefined;
}

/** What `kubectl get pods` shows: why a container waits, or else the pod's phase. */
function phaseOf(pod: KubeObject): unknown {
  if (pod.metadata['deletionTimestamp'] !== undefined) return 'Terminating';
  return fieldOf(containers(pod)[0]?.state, 'waiting.reason') ?? fieldOf(pod, 'status.phase') ?? null;
}

/** "45s", "7m", "3h", "12d". */
function humanDuration(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  if (Number.isNaN(seconds)) return '<unknown>';
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}
