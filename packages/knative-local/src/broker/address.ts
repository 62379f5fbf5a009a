/** There is one namespace on one machine. */
export const namespace = 'default';

/** By what a Broker is known in a cluster, and in dead letters: a local port would say nothing. */
export function clusterAddress(broker: string): string {
  return `http://broker-ingress.knative-eventing.svc.cluster.local/${namespace}/${broker}`;
}
