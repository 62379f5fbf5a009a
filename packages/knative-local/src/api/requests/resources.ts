import type { Clock } from '../../clock.ts';
import type { Log } from '../../log.ts';
import type { Wiring } from '../../wiring.ts';
import { type Decision, kept } from '../decisions/decision.ts';
import type { Decisions } from '../decisions/decisions.ts';
import { pruned, revise, routed, unchanged } from '../decisions/revisions.ts';
import { apiVersionOf, detailsOf, inVersion, type Kind, missing, resourceOf } from '../model/kinds.ts';
import { asObject, canonical, contentOf, keyOf, type KubeObject, textOf, timestamp } from '../model/object.ts';
import { StatusError, toStatus } from '../model/status-error.ts';
import type { Pods } from '../state/pods.ts';
import type { Registry } from '../state/registry.ts';

/** What a client wants of an object, from what it is now; both in the version that the client speaks. */
export type Wish = (now: KubeObject | undefined) => unknown;

export interface ChangeOptions {
  version: string;
  /** Says what would happen, and leaves everything as it is. */
  dryRun: boolean;
}

/** Changes objects, one at a time. What is answered is in effect, and kept. */
export interface Resources {
  /** @throws StatusError if it cannot be; then nothing has changed */
  put(kind: Kind, name: string, wish: Wish, options: ChangeOptions): Promise<{ object: KubeObject; created: boolean }>;
  remove(kind: Kind, name: string, accepts: (now: KubeObject) => void, options: ChangeOptions): Promise<KubeObject>;
}

interface Parts {
  decisions: Decisions;
  registry: Registry;
  wiring: Wiring;
  pods: Pods;
  namespace: string;
  log: Log;
  clock: Clock;
}

export function createResources({ decisions, registry, wiring, pods, namespace, log, clock }: Parts): Resources {
  /** Puts a decision into effect, as if the files said so. */
  async function decide(kind: Kind, key: string, decision: Decision | null, dryRun: boolean): Promise<void> {
    const generation = decisions.all.get(key)?.object.metadata.generation;
    try {
      const topology = await decisions.read(key, decision);
      if (dryRun) return;
      await wiring.apply(topology);
    } catch (error) {
      throw toStatus(error, { kind: kind.kind, group: kind.group, name: key.slice(key.indexOf('/') + 1) });
    }
    // Annotations are notes that clients make for themselves, some of them every few seconds.
    if (decision?.object.metadata.generation !== generation)
      log('runtime', `${key.replace('/', ' ')}: ${decision ? 'changed' : 'deleted'} by a client`);
    await decisions.save();
  }

  function next(kind: Kind, wanted: KubeObject, before: Decision | undefined): Decision {
    const now = timestamp(clock.now());
    const content = kept(wanted);
    const { uid = crypto.randomUUID(), creationTimestamp = now, generation = 0 } = before?.object.metadata ?? {};
    const same = before && canonical(specOf(content)) === canonical(specOf(before.object));
    const identity = { uid, creationTimestamp, generation: same ? generation : generation + 1 };
    const object = { ...content, metadata: { ...content.metadata, ...identity } };
    const revisions = kind.kind === 'Service' ? pruned(revise(before?.revisions ?? [], object, now), object) : [];
    return { object, revisions };
  }

  async function removeRevision(kind: Kind, name: string, dryRun: boolean): Promise<void> {
    const [key, owner] = [...decisions.all].find(([, { revisions }]) => revisions.some((each) => each.name === name)) ?? [];
    if (!key || !owner) missing(kind, name);
    const { object, revisions } = owner;
    if (routed(revisions, object).some((each) => each.name === name) || revisions.at(-1)?.name === name)
      throw new StatusError(
        422,
        `${name} gets traffic or is the latest revision of ${object.metadata.name}. Move its traffic first.`,
      );
    await decide(kind, key, { object, revisions: revisions.filter((each) => each.name !== name) }, dryRun);
  }

  return {
    put: (kind, name, wish, { version, dryRun }) =>
      wiring.alone(async () => {
        const stored = registry.get(kind.kind, name);
        const now = stored && inVersion(kind, stored, version);
        const wanted = asObject(wish(now));
        fits(kind, name, wanted, version, namespace);
        current(kind, wanted, now);
        if (kind.kind === 'Trigger' && now) sameBroker(now, wanted);
        if (kind.kind === 'Revision') return { object: unchanged(now ?? missing(kind, name), wanted), created: false };
        const key = keyOf(wanted);
        const before = decisions.all.get(key);
        const decision = next(kind, wanted, before);
        const created = stored === undefined;
        if (before && canonical(contentOf(decision.object)) === canonical(contentOf(before.object)))
          return { object: inVersion(kind, stored!, version), created };
        await decide(kind, key, decision, dryRun);
        const metadata = { ...stored?.metadata, ...decision.object.metadata, namespace };
        const object = dryRun ? { ...stored, ...decision.object, metadata } : registry.get(kind.kind, name)!;
        return { object: inVersion(kind, object, version), created };
      }),

    remove: (kind, name, accepts, { version, dryRun }) =>
      wiring.alone(async () => {
        const now = registry.get(kind.kind, name);
        if (!now) missing(kind, name);
        accepts(now);
        if (kind.kind === 'Revision') await removeRevision(kind, name, dryRun);
        else if (kind.kind !== 'Pod') await decide(kind, `${kind.kind}/${name}`, null, dryRun);
        else if (!dryRun) pods.remove(name);
        return inVersion(kind, now, version);
      }),
  };
}

/** @throws StatusError 400 if the object is not the one that the request names */
function fits(
  kind: Kind,
  name: string,
  { apiVersion, kind: called, metadata }: KubeObject,
  version: string,
  namespace: string,
): void {
  const expected = apiVersionOf(kind, version);
  if (apiVersion !== expected || called !== kind.kind)
    throw new StatusError(400, `the object is a ${called} of ${apiVersion}; the address is for a ${kind.kind} of ${expected}`);
  if (metadata.name !== name)
    throw new StatusError(400, `the name of the object (${metadata.name}) does not match the name on the URL (${name})`);
  if (metadata.namespace !== undefined && metadata.namespace !== '' && metadata.namespace !== namespace)
    throw new StatusError(
      400,
      `the namespace of the object (${metadata.namespace}) does not match the namespace on the URL (${namespace})`,
    );
}

/** @throws StatusError 409 if the client has not seen the object as it is now */
function current(kind: Kind, { metadata: { name, uid, resourceVersion } }: KubeObject, now: KubeObject | undefined): void {
  const differs = (said: string | undefined, is: string | undefined) => said !== undefined && said !== '' && said !== is;
  if (differs(resourceVersion, now?.metadata.resourceVersion) || (now && differs(uid, now.metadata.uid)))
    throw new StatusError(
      409,
      `Operation cannot be fulfilled on ${resourceOf(kind)} ${JSON.stringify(name)}: the object has been modified; please apply your changes to the latest version and try again`,
      { details: detailsOf(kind, name) },
    );
}

/**
 * A Trigger stays with its Broker, as Knative's webhook says it.
 * @throws StatusError 400
 */
function sameBroker(now: KubeObject, wanted: KubeObject): void {
  const [before, after] = [now, wanted].map((each) => textOf(each, 'spec.broker') || 'default');
  if (before === after) return;
  const webhook = 'admission webhook "validation.webhook.eventing.knative.dev" denied the request';
  const change = `{string}:\n\t-: ${JSON.stringify(before)}\n\t+: ${JSON.stringify(after)}\n`;
  throw new StatusError(400, `${webhook}: validation failed: Immutable fields changed (-old +new): broker, spec\n${change}`);
}

/** What a generation counts changes of. */
function specOf(object: KubeObject): unknown {
  const { apiVersion: _, kind: __, metadata: ___, status: ____, ...rest } = object;
  return rest;
}
