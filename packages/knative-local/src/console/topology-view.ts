import type { Destination, Topology, TriggerSpec } from '../manifest/topology.ts';
import type { Filter } from '../manifest/filters.ts';
import type { Replica } from '../process/revision.ts';
import type { ProcessView, ServiceView, TargetView, TopologyView } from './view.ts';

export interface Scene {
  topology: Topology;
  replicas: readonly Replica[];
  /** The one behind the public address, and that address. */
  service: string;
  url: string;
  correlation: string | undefined;
  /** Bytes by process id. */
  memory: ReadonlyMap<number, number>;
}

/** The wiring in effect, with the processes that run it. */
export function topologyView({ topology, replicas, service, url, correlation, memory }: Scene): TopologyView {
  const processesOf = (revision: string) =>
    replicas.filter(({ spec }) => spec.name === revision).map((replica) => processView(replica, memory));
  const services = topology.services.map(({ name, revisions, traffic }): ServiceView => {
    const present = new Set([...revisions.map((each) => each.name), ...revisionsOf(replicas, name)]);
    return {
      name,
      ...(name === service && { url }),
      revisions: [...present].map((revision) => {
        const targets = traffic.filter((target) => target.revision === revision);
        return {
          name: revision,
          percent: targets.reduce((sum, { percent }) => sum + percent, 0),
          tags: targets.flatMap(({ tag }) => tag ?? []),
          processes: processesOf(revision),
        };
      }),
    };
  });
  return {
    ...(correlation !== undefined && { correlation }),
    brokers: topology.brokers.map(({ name }) => name),
    pings: topology.pings.map(({ name, schedule, sink }) => ({ name, schedule, sink: targetView(sink) })),
    triggers: topology.triggers.map((trigger) => ({
      name: trigger.name,
      broker: trigger.broker,
      filter: filterText(trigger),
      subscriber: targetView(trigger.subscriber),
      ...(trigger.delivery.deadLetterSink && { deadLetterSink: targetView(trigger.delivery.deadLetterSink) }),
    })),
    services,
  };
}

/** Those that leave are in no Service any more. */
function revisionsOf(replicas: readonly Replica[], service: string): string[] {
  return replicas.filter(({ spec }) => spec.service === service).map(({ spec }) => spec.name);
}

function processView({ id, process, ready, leaving, vitals }: Replica, memory: Scene['memory']): ProcessView {
  const { pid, since, restarts, lastEnd } = vitals;
  const bytes = pid === undefined ? undefined : memory.get(pid);
  return {
    id,
    name: process,
    ...(pid !== undefined && { pid }),
    ready,
    leaving: leaving !== undefined,
    since,
    restarts,
    ...(lastEnd !== undefined && { lastEnd }),
    ...(bytes !== undefined && { memory: bytes }),
  };
}

function targetView(destination: Destination): TargetView {
  if ('service' in destination) return { kind: 'service', name: destination.service };
  return 'broker' in destination ? { kind: 'broker', name: destination.broker } : { kind: 'url', name: destination.url };
}

function filterText({ attributes, filters }: TriggerSpec): string {
  const exact = Object.entries(attributes).map(([name, value]) => (value === '' ? `has ${name}` : `${name} = ${value}`));
  return [...exact, ...filters.map(textOf)].join(', ') || 'every event';
}

function textOf({ exact, prefix, suffix, all, any, not }: Filter): string {
  const pair = (verb: string, entries: Record<string, string>) =>
    Object.entries(entries).map(([name, value]) => `${name} ${verb} ${value}`)[0]!;
  if (exact) return pair('=', exact);
  if (prefix) return pair('starts with', prefix);
  if (suffix) return pair('ends with', suffix);
  if (all) return `(${all.map(textOf).join(' and ')})`;
  if (any) return `(${any.map(textOf).join(' or ')})`;
  return not ? `not ${textOf(not)}` : '';
}
