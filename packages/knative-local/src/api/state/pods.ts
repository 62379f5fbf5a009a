import type { Clock } from '../../clock.ts';
import type { Fleet } from '../../process/fleet.ts';
import type { Replica } from '../../process/revision.ts';
import type { Decision } from '../decisions/decision.ts';
import { type KubeObject, timestamp } from '../model/object.ts';

/** Processes as Pods with one container. A restart is one of the container: the Pod stays, as in a cluster. */
export interface Pods {
  list(decisions: ReadonlyMap<string, Decision>): KubeObject[];
  find(name: string): Replica | undefined;
  /** Ends its process. Another takes its place, and that is another Pod. */
  remove(name: string): void;
}

/** Which Pod of a revision it is, and when it began. */
interface Incarnation {
  id: string;
  begun: number;
  /** Restarts that were of Pods before it. */
  earlier: number;
}

export function createPods(fleet: Pick<Fleet, 'replicas'>, clock: Clock): Pods {
  const later = new WeakMap<Replica, Incarnation>();
  const incarnationOf = (replica: Replica): Incarnation =>
    later.get(replica) ?? { id: replica.id, begun: replica.begun, earlier: 0 };
  const nameOf = (replica: Replica) => `${replica.spec.name}-deployment-${incarnationOf(replica).id.slice(0, 5)}`;
  const find = (name: string) => fleet.replicas.find((each) => nameOf(each) === name);

  return {
    list: (decisions) => fleet.replicas.map((replica) => podOf(replica, nameOf(replica), incarnationOf(replica), decisions)),
    find,
    remove(name) {
      const replica = find(name);
      if (replica?.vitals.pid === undefined) return;
      const { pid, restarts } = replica.vitals;
      later.set(replica, { id: crypto.randomUUID(), begun: clock.now(), earlier: restarts + 1 });
      process.kill(pid, 'SIGTERM');
    },
  };
}

function podOf(
  { spec, ready, vitals, leaving }: Replica,
  name: string,
  { id, begun, earlier }: Incarnation,
  decisions: ReadonlyMap<string, Decision>,
): KubeObject {
  const { pid, since, lastEnd } = vitals;
  const restartCount = Math.max(0, vitals.restarts - earlier);
  const running = { running: { startedAt: timestamp(since) } };
  const reason = restartCount === 0 ? 'ContainerCreating' : 'CrashLoopBackOff';
  const waiting = { waiting: { reason, message: restartCount > 0 ? `The process ${lastEnd}` : 'The process is starting' } };
  const status = (holds: boolean) => (holds ? 'True' : 'False');
  const labels = decisions.get(`Service/${spec.service}`)?.object.metadata.labels;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      uid: id,
      creationTimestamp: timestamp(begun),
      labels: {
        ...labels,
        app: spec.name,
        'serving.knative.dev/configuration': spec.service,
        'serving.knative.dev/revision': spec.name,
        'serving.knative.dev/service': spec.service,
      },
      annotations: { 'knative-local/process': pid === undefined ? '' : String(pid) },
      ...(leaving !== undefined && { deletionTimestamp: timestamp(leaving), deletionGracePeriodSeconds: 30 }),
    },
    spec: { containers: [{ name: 'user-container', image: spec.service }], nodeName: 'this-machine', restartPolicy: 'Always' },
    status: {
      phase: pid === undefined && restartCount === 0 ? 'Pending' : 'Running',
      podIP: '127.0.0.1',
      hostIP: '127.0.0.1',
      startTime: timestamp(begun),
      conditions: [
        { type: 'PodScheduled', status: 'True' },
        { type: 'ContainersReady', status: status(ready) },
        { type: 'Ready', status: status(ready) },
      ],
      containerStatuses: [
        {
          name: 'user-container',
          image: spec.service,
          imageID: '',
          ready,
          restartCount,
          started: pid !== undefined,
          state: pid === undefined ? waiting : running,
          lastState: restartCount > 0 ? terminated(lastEnd ?? '') : {},
        },
      ],
    },
  };
}

/** @param end "ended with exit code 1", or "was ended by SIGKILL" */
function terminated(end: string): object {
  const [, code] = /exit code (\d+)/.exec(end) ?? [];
  return { terminated: { exitCode: Number(code ?? 137), reason: code === '0' ? 'Completed' : 'Error', message: end } };
}
