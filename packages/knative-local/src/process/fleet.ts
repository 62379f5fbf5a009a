import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../clock.ts';
import { CannotStart, explain } from '../errors.ts';
import type { Log } from '../log.ts';
import type { RevisionSpec, ServiceSpec, TrafficSpec } from '../manifest/topology.ts';
import type { Surroundings } from './life.ts';
import { NotUp, type Replica, type ReplicaOptions, type Revision } from './revision.ts';
import { scaleRevision } from './scaled-revision.ts';
import { real } from './supervisor.ts';

/** Every revision of every service, and the choice between them. */
export interface Fleet {
  readonly ready: boolean;
  /** Every process of every revision, including those that are starting or finishing their last requests. */
  readonly replicas: Replica[];
  /** Picks a revision by traffic share, or by tag if there is one with that name. */
  pick(service: string, tag?: string): Revision;
  /**
   * Starts what is new or changed. Once that is ready, resolves with a function that shifts the traffic and stops what is gone.
   * @throws if something does not become ready; then everything stays as it was
   */
  prepare(services: ServiceSpec[]): Promise<() => void>;
  stop(): Promise<void>;
}

export interface FleetOptions extends Pick<ReplicaOptions, 'changed' | 'metricsVariable' | 'beforeEnd'> {
  /** Revisions have as many processes as their requests need; otherwise, at most one. */
  scaleOut?: boolean;
}

export function createFleet(
  platform: Record<string, string>,
  log: Log,
  surroundings: Surroundings = real(systemClock),
  { scaleOut = false, changed = () => undefined, metricsVariable, beforeEnd }: FleetOptions = {},
): Fleet {
  let running = new Map<string, Revision>();
  let traffic = new Map<string, TrafficSpec[]>();
  /** Includes revisions that are starting, and those that are leaving and finishing their requests. */
  const alive = new Set<Revision>();

  const launches = new Map<string, number>();

  function launch(spec: RevisionSpec): Revision {
    const count = (launches.get(spec.name) ?? 0) + 1;
    launches.set(spec.name, count);
    // The one before it, of the same name, may still be finishing its requests.
    const temporary = join(platform['TMPDIR'] ?? tmpdir(), count === 1 ? spec.name : `${spec.name}_${count}`);
    const revision = scaleRevision(spec, platform, log, surroundings, { temporary, changed, metricsVariable, beforeEnd });
    alive.add(revision);
    return revision;
  }

  async function retire(revision: Revision): Promise<void> {
    await revision.stop();
    alive.delete(revision);
    changed();
  }

  return {
    get replicas() {
      return [...alive].flatMap((revision) => [...revision.replicas]);
    },
    get ready() {
      return running.size > 0 && [...running.values()].every(({ ready }) => ready);
    },
    pick(service, tag) {
      const chosen = choose(traffic.get(service) ?? [], tag);
      const revision = chosen && running.get(chosen.revision);
      if (!revision) throw new NotUp(`${service} is not up`);
      return revision;
    },
    async prepare(services) {
      const given = services.flatMap(({ revisions }) => revisions);
      const wanted = scaleOut ? given : given.map(atMostOne);
      const next = new Map<string, Revision>();
      const fresh: Revision[] = [];
      for (const spec of wanted) {
        const present = running.get(spec.name);
        const revision = present && same(present.spec, spec) ? present : launch(spec);
        if (revision !== present) fresh.push(revision);
        next.set(spec.name, revision);
      }
      try {
        await Promise.all(fresh.map(({ started }) => started));
      } catch (error) {
        for (const revision of fresh) void retire(revision);
        throw new CannotStart(explain(error), { cause: error });
      }
      return () => {
        const before = running;
        running = next;
        traffic = new Map(services.map((service) => [service.name, service.traffic]));
        for (const [name, revision] of before) if (next.get(name) !== revision) void retire(revision);
      };
    },
    async stop() {
      await Promise.all([...alive].map(retire));
    },
  };
}

/** With one process for as long as it is needed, which is always if its min-scale asks for any. */
function atMostOne(spec: RevisionSpec): RevisionSpec {
  return { ...spec, scale: { ...spec.scale, min: Math.min(spec.scale.min, 1), max: 1 } };
}

function same(one: RevisionSpec, other: RevisionSpec): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** Chooses by tag if there is one with that name, otherwise at random by percentage, as Knative does. Percentages add up to 100. */
export function choose(targets: TrafficSpec[], tag?: string): TrafficSpec | undefined {
  const tagged = tag === undefined ? undefined : targets.find((target) => target.tag === tag);
  let point = Math.random() * 100;
  return tagged ?? targets.find(({ percent }) => (point -= percent) < 0);
}
