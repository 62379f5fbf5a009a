import type { Brokers } from './broker/broker.ts';
import { explain } from './errors.ts';
import type { Log } from './log.ts';
import type { Topology } from './manifest/topology.ts';
import type { Pings } from './pings.ts';
import type { Fleet } from './process/fleet.ts';

export interface WiringOptions {
  read: () => Promise<Topology>;
  fleet: Fleet;
  brokers: Brokers;
  pings: Pings;
  log: Log;
  /** Called once what was read last is in effect. */
  inEffect?: () => void;
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

export function createWiring({ read, fleet, brokers, pings, log, inEffect }: WiringOptions): Wiring {
  let last: Promise<unknown> = Promise.resolve();
  let waiting = false;
  let applied = '';

  async function apply(topology: Topology): Promise<void> {
    const shift = await fleet.prepare(topology.services);
    shift();
    brokers.apply(topology);
    pings.apply(topology.pings);
    applied = JSON.stringify(topology);
    inEffect?.();
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
      try {
        const topology = await read();
        if (JSON.stringify(topology) === applied) return inEffect?.();
        await apply(topology);
        log('runtime', `The manifests changed and are in effect: ${describeTraffic(topology)}`);
      } catch (error) {
        log('runtime', `The manifests changed, and the wiring stays as it was. ${explain(error)}`);
      }
    });
  }

  return { apply, reload, alone };
}

/** "ingest-v1 80 %, ingest-v2 20 %" for every service that splits its traffic. */
export function describeTraffic({ services, triggers }: Topology): string {
  const split = services.filter(({ traffic }) => traffic.length > 1);
  const shares = split.map(({ traffic }) => traffic.map(({ revision, percent }) => `${revision} ${percent} %`).join(', '));
  return [...shares, `${triggers.length} triggers`].join('; ');
}
