import { namespace as brokerNamespace } from '../../broker/address.ts';
import type { Topology } from '../../manifest/topology.ts';
import type { Fleet } from '../../process/fleet.ts';
import type { Decision } from '../decisions/decision.ts';
import type { Pods } from './pods.ts';

/** What the state of objects follows from. */
export interface Situation {
  decisions: ReadonlyMap<string, Decision>;
  /** What is in effect. */
  topology: Topology;
  fleet: Pick<Fleet, 'replicas'>;
  pods: Pods;
  /** The service behind the public address, and the port of that. */
  service: string;
  port: number;
  brokerOrigin: string;
  namespace: string;
  /** When the runtime began, in milliseconds since 1970. */
  begun: number;
}

/** Where a service answers. The public one, and each of its tags, has an address on this machine; the others are reached by events alone. */
export function urlOf({ service, port, namespace }: Situation, name: string, tag?: string): string {
  const host = tag === undefined ? name : `${tag}-${name}`;
  if (name !== service) return `http://${host}.${namespace}.svc.cluster.local`;
  return `http://${tag === undefined ? '' : `${host}.`}localhost:${port}`;
}

export function brokerUrlOf({ brokerOrigin }: Situation, name: string): string {
  return `${brokerOrigin}/${brokerNamespace}/${name}`;
}
