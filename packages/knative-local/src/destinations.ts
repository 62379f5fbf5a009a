import { clusterAddress, namespace } from './broker/address.ts';
import type { Subscriber } from './broker/subscriber.ts';
import { bearer } from './token.ts';
import { limits } from './limits.ts';
import type { Destination } from './manifest/topology.ts';
import { type Gate, gate } from './process/gate.ts';
import type { Revision } from './process/revision.ts';

/**
 * Turns a destination in a manifest into a subscriber.
 * @param token shown to functions and Brokers on this machine
 */
export function createDestinations(
  fleet: { pick(service: string): Pick<Revision, 'turn'> },
  brokerOrigin: string,
  token?: string,
): (destination: Destination) => Subscriber {
  // Never shown to a URL: it may be anybody's.
  const headers = bearer(token);
  const gates = new Map<string, Gate>();

  function plainUrl(origin: string, name = origin, url = origin): Subscriber {
    const entrance = gates.get(origin) ?? gate(limits.urlConcurrency);
    gates.set(origin, entrance);
    return { name, url, turn: async (signal) => ({ origin, release: await entrance.enter(signal) }) };
  }

  return (destination) => {
    if ('url' in destination) return plainUrl(destination.url);
    if ('broker' in destination)
      return {
        ...plainUrl(
          `${brokerOrigin}/${namespace}/${destination.broker}`,
          `broker ${destination.broker}`,
          clusterAddress(destination.broker),
        ),
        headers,
      };
    const { service } = destination;
    // Picked when the turn comes, so that a traffic shift applies to waiting requests as well.
    return {
      name: service,
      headers,
      url: `http://${service}.${namespace}.svc.cluster.local`,
      turn: async (signal) => fleet.pick(service).turn(signal),
    };
  };
}
