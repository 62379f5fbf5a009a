import type { Clock } from '../../clock.ts';
import { explain } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { displayed } from '../../manifest/document.ts';
import { type ManifestSources, readManifests } from '../../manifest/read.ts';
import type { Topology } from '../../manifest/topology.ts';
import { timestamp } from '../model/object.ts';
import { amended, type Change, type Changes, describeChanges, holding, isBack, readChanges, writeChanges } from './changes.ts';
import { type Decision, ofFunction, type Seed, seedsOf } from './decision.ts';

export interface DecisionsOptions {
  /** Where what clients said is kept, apart from the files. */
  path: string;
  sources: ManifestSources;
  namespace: string;
  /** Checks beyond what manifests can express. @throws WrongManifests */
  inspect: (topology: Topology) => Topology;
  log: Log;
  clock: Clock;
}

/** What files and clients decided, and is in effect. */
export interface Decisions {
  /** By object: "Trigger/sepia". */
  readonly all: ReadonlyMap<string, Decision>;
  readonly topology: Topology;
  /**
   * Reads files and what clients said.
   * @param key an object that a client wants otherwise; null to delete it
   * @throws WrongManifests
   */
  read(key?: string, decision?: Decision | null): Promise<Topology>;
  /** What was read last is in effect. */
  commit(): void;
  /** Keeps what clients said beyond the end of the runtime. */
  save(): Promise<void>;
}

interface State {
  all: Map<string, Decision>;
  topology: Topology;
  seeds: ReadonlyMap<string, Seed>;
  changes: Changes;
}

export async function createDecisions({ path, sources, namespace, inspect, log, clock }: DecisionsOptions): Promise<Decisions> {
  const begun = timestamp(clock.now());
  const nothing: Topology = { brokers: [], triggers: [], pings: [], services: [], eventTypes: [] };
  let state: State = { all: new Map(), topology: nothing, seeds: new Map(), changes: await readChanges(path) };
  let candidate = state;
  for (const line of await differences()) log('runtime', line);

  async function read(key?: string, decision?: Decision | null): Promise<Topology> {
    let seeds: ReadonlyMap<string, Seed> = new Map();
    let changes: Changes = state.changes;
    const topology = await readManifests({
      ...sources,
      amend(documents) {
        seeds = seedsOf(documents, namespace, begun);
        changes = holding(state.changes, seeds);
        if (key !== undefined && decision !== undefined) changes = changed(changes, key, decision, seeds.get(key));
        return amended(documents, seeds, changes, key === undefined ? displayed(path) : undefined);
      },
    });
    candidate = { topology: inspect(topology), seeds, changes, all: combined(seeds, changes, topology) };
    return topology;
  }

  function combined(seeds: State['seeds'], changes: Changes, topology: Topology): Map<string, Decision> {
    const all = new Map([...seeds].map(([key, seed]) => [key, seed.decision]));
    for (const [key, { decision }] of changes) {
      if (decision) all.set(key, decision);
      else all.delete(key);
    }
    for (const { name } of topology.services)
      if (!all.has(`Service/${name}`)) all.set(`Service/${name}`, ofFunction(name, begun));
    return all;
  }

  /** In words, for the log: the files alone are read, and may have faults of their own. */
  async function differences(): Promise<string[]> {
    if (state.changes.size === 0) return [];
    await read().catch(() => undefined);
    return describeChanges(candidate.changes, candidate.seeds);
  }

  return {
    get all() {
      return state.all;
    },
    get topology() {
      return state.topology;
    },
    read,
    commit() {
      const lapsed = [...state.changes].filter(([key, { file }]) => file !== (candidate.seeds.get(key)?.digest ?? null));
      state = candidate;
      for (const [key] of lapsed) log('runtime', `${key.replace('/', ' ')}: its file changed, and holds again`);
      if (lapsed.length === 0) return;
      save().catch((error: unknown) => log('runtime', `${displayed(path)} cannot be written: ${explain(error)}`));
    },
    save,
  };

  function save(): Promise<void> {
    return writeChanges(path, state.changes);
  }
}

function changed(changes: Changes, key: string, decision: Decision | null, seed: Seed | undefined): Changes {
  const others = new Map(changes);
  others.delete(key);
  const nothingToSay = decision ? isBack(decision, seed) : !seed && !key.startsWith('Service/');
  if (nothingToSay) return others;
  const change: Change = { file: seed?.digest ?? null, decision };
  return others.set(key, change);
}
