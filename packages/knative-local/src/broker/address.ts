/** One machine has one namespace. */
export const namespace = 'default';

/** A Broker's address in a cluster, used in dead letters: a local port would mean nothing there. */
export function clusterAddress(broker: string): string {
  return `http://broker-ingress.knative-eventing.svc.cluster.local/${namespace}/${broker}`;
}
