import type { Clock } from '../../clock.ts';
import { limits } from '../../limits.ts';
import { canonical, fieldOf, isFields, type KubeObject, keyOf, timestamp } from '../model/object.ts';
import { StatusError } from '../model/status-error.ts';

/** Something that happened to an object. */
export interface Happening {
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  object: KubeObject;
  /** What it was before, for selectors that it no longer matches. */
  before?: KubeObject;
  version: number;
}

/** Every object as it is now, and what happened lately, for watches. */
export interface Registry {
  /** Of the last happening, as Kubernetes' resourceVersion. */
  readonly version: number;
  get(kind: string, name: string): KubeObject | undefined;
  /**
   * By name.
   * @param version as it was then
   * @throws StatusError 410 if that is too long ago
   */
  list(kind: string, version?: number): KubeObject[];
  /** Takes the objects as they are now; what differs from before has happened. */
  update(objects: readonly KubeObject[]): void;
  /**
   * What happened after a version.
   * @throws StatusError 410 if that is too long ago
   */
  since(version: number): Happening[];
  /** @returns a function that ends the subscription */
  subscribe(listener: (happening: Happening) => void): () => void;
}

export function createRegistry(clock: Clock): Registry {
  let objects = new Map<string, KubeObject>();
  const history: Happening[] = [];
  /** Bytes of each happening that is remembered, and of all. */
  const weights: number[] = [];
  let weight = 0;
  const listeners = new Set<(happening: Happening) => void>();
  // A later start continues with greater numbers, since no runtime makes a thousand changes a second.
  let version = clock.now();
  let forgotten = version;

  function happen(type: Happening['type'], object: KubeObject, before?: KubeObject): KubeObject {
    version += 1;
    const versioned = { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } };
    const happening: Happening = { type, object: versioned, version, ...(before && { before }) };
    remember(happening);
    for (const listener of listeners) listener(happening);
    return versioned;
  }

  function remember(happening: Happening): void {
    history.push(happening);
    weights.push(JSON.stringify(happening.object).length);
    weight += weights.at(-1)!;
    while (history.length > limits.changes || weight > limits.changeBytes) {
      forgotten = history.shift()!.version;
      weight -= weights.shift()!;
    }
  }

  function since(from: number): Happening[] {
    if (from < forgotten) throw new StatusError(410, `too old resource version: ${from} (${forgotten})`);
    return history.filter((happening) => happening.version > from);
  }

  return {
    get version() {
      return version;
    },
    get: (kind, name) => objects.get(`${kind}/${name}`),
    list(kind, at = version) {
      const found = new Map([...objects].filter(([, each]) => each.kind === kind));
      for (const { type, object, before } of since(at).toReversed()) {
        if (object.kind !== kind) continue;
        if (type === 'ADDED') found.delete(keyOf(object));
        else found.set(keyOf(object), before ?? object);
      }
      return [...found.values()].sort((one, other) => (one.metadata.name < other.metadata.name ? -1 : 1));
    },
    update(present) {
      const before = objects;
      objects = new Map();
      for (const each of present) {
        const key = keyOf(each);
        const earlier = before.get(key);
        // The same name with another identity is another object.
        if (earlier && earlier.metadata.uid !== each.metadata.uid) happen('DELETED', earlier, earlier);
        const same = earlier?.metadata.uid === each.metadata.uid ? earlier : undefined;
        const dated = withTransitions(each, same, timestamp(clock.now()));
        if (!same) objects.set(key, happen('ADDED', dated));
        else if (differs(same, dated)) objects.set(key, happen('MODIFIED', dated, same));
        else objects.set(key, same);
      }
      for (const [key, gone] of before) if (!objects.has(key)) happen('DELETED', gone, gone);
    },
    since,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

function differs(before: KubeObject, now: KubeObject): boolean {
  const { resourceVersion: _, ...metadata } = before.metadata;
  return canonical({ ...before, metadata }) !== canonical(now);
}

/** Dates each condition: since when it has its status. */
function withTransitions(object: KubeObject, before: KubeObject | undefined, now: string): KubeObject {
  const conditions = fieldOf(object, 'status.conditions');
  if (!Array.isArray(conditions)) return object;
  const earlier = (fieldOf(before, 'status.conditions') ?? []) as Record<string, unknown>[];
  const dated = conditions.filter(isFields).map((condition) => {
    const same = earlier.find(({ type, status }) => type === condition['type'] && status === condition['status']);
    return { lastTransitionTime: same?.['lastTransitionTime'] ?? now, ...condition };
  });
  return { ...object, status: { ...(object['status'] as object), conditions: dated } };
}
