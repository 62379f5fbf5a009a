import type { Brokers } from './broker/broker.ts';
import { explain } from './errors.ts';
import type { Log } from './log.ts';
import type { Topology } from './manifest/topology.ts';
import type { Pings } from './pings.ts';
import type { Fleet } from './process/fleet.ts';

export interface WiringOptions {
  /** Brings builds up to date before the manifests are read again. */
  build?: (() => Promise<void>) | undefined;
  read: () => Promise<Topology>;
  fleet: Fleet;
  brokers: Brokers;
  pings: Pings;
  log: Log;
  /** Called once what was read last is in effect. */
  inEffect?: (topology: Topology) => void;
}

/** Puts the manifests into effect, now and whenever they change. */
export interface Wiring {
  /** @throws if a function cannot be started */
  apply(topology: Topology): Promise<void>;
  /** Reads the manifests again. If one is wrong, or a function does not start, that is reported, and the last good wiring stays. */
  reload: () => void;
  /** Runs a task while nothing else changes the wiring. */
  alone<Result>(task: () => Promise<Result>): Promise<Result>;
}

export function createWiring({ build, read, fleet, brokers, pings, log, inEffect }: WiringOptions): Wiring {
  let last: Promise<unknown> = Promise.resolve();
  let waiting = false;
  let applied: Topology | undefined;

  async function apply(topology: Topology): Promise<void> {
    const shift = await fleet.prepare(topology.services);
    shift();
    brokers.apply(topology);
    pings.apply(topology.pings);
    applied = topology;
    inEffect?.(topology);
  }

  function alone<Result>(task: () => Promise<Result>): Promise<Result> {
    const mine = last.then(task);
    last = mine.catch(() => undefined);
    return mine;
  }

  function reload(): void {
    // Whatever changes until it is this one's turn is read with it.
    if (waiting) return;
    waiting = true;
    void alone(async () => {
      waiting = false;
      await reloadOnce();
    });
  }

  async function reloadOnce(): Promise<void> {
    try {
      await build?.();
    } catch (error) {
      log('runtime', `A source changed, and what ran before goes on. ${explain(error)}`);
    }
    try {
      const topology = await read();
      const changed = applied && changedBuilds(applied, topology);
      if (changed?.length === 0) return inEffect?.(topology);
      await apply(topology);
      const what = changed
        ? `New code is in effect: ${changed.join(', ')}`
        : `The manifests changed and are in effect: ${describeTraffic(topology)}`;
      log('runtime', what);
    } catch (error) {
      log('runtime', `The manifests changed, and the wiring stays as it was. ${explain(error)}`);
    }
  }

  return { apply, reload, alone };
}

/** The services of which only the code changed; undefined if anything else did. */
function changedBuilds(before: Topology, after: Topology): string[] | undefined {
  const withoutBuilds = (topology: Topology) =>
    JSON.stringify(topology, (key, value: unknown) => (key === 'build' ? undefined : value));
  if (withoutBuilds(before) !== withoutBuilds(after)) return undefined;
  return after.services
    .filter((service, index) => JSON.stringify(service) !== JSON.stringify(before.services[index]))
    .map(({ name }) => name);
}

/** "ingest-v1 80 %, ingest-v2 20 %" for every service that splits its traffic. */
export function describeTraffic({ services, triggers }: Topology): string {
  const split = services.filter(({ traffic }) => traffic.length > 1);
  const shares = split.map(({ traffic }) => traffic.map(({ revision, percent }) => `${revision} ${percent} %`).join(', '));
  return [...shares, `${triggers.length} triggers`].join('; ');
}
