import type { Decision } from '../decisions/decision.ts';
import { revisionOf, type RevisionRecord, trafficOf } from '../decisions/revisions.ts';
import { type Fields, fieldOf, type KubeObject } from '../model/object.ts';
import { condition, type Condition, withReady } from './conditions.ts';
import { type Situation, urlOf } from './situation.ts';

const apiVersion = 'serving.knative.dev/v1';

/** A Service with its status, and its Configuration, Route and Revisions. */
export function servingObjects({ object: service, revisions }: Decision, situation: Situation): KubeObject[] {
  const { name, labels, annotations, uid, generation, creationTimestamp } = service.metadata;
  const url = urlOf(situation, name);
  const records = revisions.map((record) => revisionObject(record, service, situation));
  const latest = revisions.at(-1)?.name;
  const isReady = (revision: string | undefined) => readyOf(records.find(({ metadata }) => metadata.name === revision));
  const latestReady = records.findLast((each) => readyOf(each)?.status === 'True')?.metadata.name;

  const targets = trafficOf(service).map(({ tag, ...target }) => ({
    ...target,
    revisionName: revisionOf(target, revisions),
    ...(tag !== undefined && { tag, url: urlOf(situation, name, tag) }),
  }));
  const routed = targets.filter(({ percent = 0, ...target }) => percent > 0 || 'tag' in target);
  const waiting = routed.map(({ revisionName }) => isReady(revisionName)).find((each) => each?.status !== 'True');
  const configured = as('ConfigurationsReady', isReady(latest));
  const reached = as('RoutesReady', waiting ?? { type: 'Ready', status: 'True' });
  const latestNames = { latestCreatedRevisionName: latest, ...(latestReady && { latestReadyRevisionName: latestReady }) };
  const address = { url: `http://${name}.${situation.namespace}.svc.cluster.local` };
  const routeStatus = { url, address, traffic: targets };

  const owner = { apiVersion, kind: 'Service', name, uid, controller: true, blockOwnerDeletion: true };
  const owned = (kind: string, observedGeneration: number, spec: Fields, status: Fields): KubeObject => ({
    apiVersion,
    kind,
    metadata: {
      name,
      uid: `${kind.toLowerCase()}-${uid}`,
      generation: observedGeneration,
      creationTimestamp: creationTimestamp!,
      labels: { ...labels, 'serving.knative.dev/service': name },
      ...(annotations && { annotations: withoutBookkeeping(annotations) }),
      ownerReferences: [owner],
    },
    spec,
    status: { observedGeneration, ...status },
  });
  const { template, traffic } = (service['spec'] ?? {}) as Fields;
  return [
    {
      ...service,
      status: { observedGeneration: generation, conditions: withReady([configured, reached]), ...latestNames, ...routeStatus },
    },
    owned(
      'Configuration',
      revisions.at(-1)?.generation ?? 1,
      { template },
      { conditions: [as('Ready', configured)], ...latestNames },
    ),
    owned(
      'Route',
      generation ?? 1,
      { traffic },
      {
        conditions: withReady([{ type: 'AllTrafficAssigned', status: 'True' }, as('IngressReady', reached)]),
        ...routeStatus,
      },
    ),
    ...records,
  ];
}

function revisionObject(record: RevisionRecord, service: KubeObject, { fleet, namespace }: Situation): KubeObject {
  const replicas = fleet.replicas.filter(({ spec, leaving }) => spec.name === record.name && leaving === undefined);
  const ready = replicas.filter((replica) => replica.ready).length;
  const { labels, annotations } = (record.template['metadata'] ?? {}) as { labels?: Fields; annotations?: Fields };
  const { name } = service.metadata;
  const ends = replicas.at(-1)?.vitals.lastEnd;
  const unhealthy = { reason: 'ContainerMissing', message: `The process ${ends}, and is being restarted` };
  const starting = { reason: 'Deploying', message: 'The process is starting' };
  const health: Condition =
    replicas.length > 0 && ready === 0 && !ends
      ? { type: 'ContainerHealthy', status: 'Unknown', ...starting }
      : condition('ContainerHealthy', replicas.length === 0 || ready > 0, unhealthy);
  const inactive = { reason: 'NoTraffic', message: 'The target is not receiving traffic.' };
  const targets = trafficOf(service).some((target) => target.revisionName === record.name);
  const containers = fieldOf(record.template, 'spec.containers');
  return {
    apiVersion,
    kind: 'Revision',
    metadata: {
      name: record.name,
      namespace,
      uid: `revision-${service.metadata.uid}-${record.name}`,
      generation: 1,
      creationTimestamp: record.creationTimestamp,
      labels: {
        ...(labels as Record<string, string> | undefined),
        'serving.knative.dev/configuration': name,
        'serving.knative.dev/configurationGeneration': String(record.generation),
        'serving.knative.dev/service': name,
        'serving.knative.dev/routingState': replicas.length > 0 || targets ? 'active' : 'reserve',
      },
      // kn writes into these, and takes for granted that there are some.
      annotations: { ...(annotations as Record<string, string> | undefined), 'serving.knative.dev/creator': 'knative-local' },
      ownerReferences: [
        { apiVersion, kind: 'Configuration', name, uid: `configuration-${service.metadata.uid}`, controller: true },
      ],
    },
    spec: { ...(record.template['spec'] as Fields) },
    status: {
      observedGeneration: 1,
      conditions: withReady([
        condition('Active', replicas.length > 0, inactive, { severity: 'Info' }),
        health,
        condition('ResourcesAvailable', true),
      ]),
      containerStatuses: (Array.isArray(containers) ? containers : []).map(() => ({ name: 'user-container' })),
      actualReplicas: ready,
      desiredReplicas: replicas.length,
    },
  };
}

function readyOf(object: KubeObject | undefined): Condition | undefined {
  return (fieldOf(object, 'status.conditions') as Condition[] | undefined)?.find(({ type }) => type === 'Ready');
}

/** A condition under another name. */
function as(type: string, from: Condition | undefined): Condition {
  return { ...(from ?? { status: 'Unknown', reason: 'Missing', message: 'There is no such revision' }), type };
}

function withoutBookkeeping(annotations: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(annotations).filter(([name]) => !name.startsWith('kubectl.kubernetes.io/')));
}
