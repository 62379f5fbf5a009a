import { createHash } from 'node:crypto';
import type { Document } from '../../manifest/document.ts';
import { inVersion, kindOf, isDecided } from '../model/kinds.ts';
import { asObject, canonical, contentOf, type Fields, type KubeObject, keyOf } from '../model/object.ts';
import { manifestsOf, revise, type RevisionRecord, withDefaults } from './revisions.ts';

/** What was decided about an object, by files or by a client. What follows from it, such as its status, is not here. */
export interface Decision {
  /** Content, and `uid`, `generation` and `creationTimestamp`. */
  object: KubeObject;
  /** Only a Service has any; the oldest first. */
  revisions: RevisionRecord[];
}

/** What the files say about an object. A Service may have several documents. */
export interface Seed {
  documents: Document[];
  /** SHA-256, to notice when they say something else. */
  digest: string;
  decision: Decision;
}

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

/** Groups the documents of files by object. Kinds that are not answered are left out. */
export function seedsOf(documents: Document[], namespace: string, creationTimestamp: string): Map<string, Seed> {
  const grouped = Map.groupBy(
    documents.filter((document) => isSeed(document)),
    ({ kind, name }) => keyOf({ kind, metadata: { name } }),
  );
  return new Map(
    [...grouped].flatMap(([key, group]) => {
      // Documents with faults are reported by whoever reads them all.
      const decision = attempt(() => decided(group, namespace, creationTimestamp));
      const digest = createHash('sha256')
        .update(canonical(group.map(({ value }) => value)))
        .digest('hex');
      return decision ? [[key, { documents: group, digest, decision }] as const] : [];
    }),
  );
}

function isSeed(document: Document): boolean {
  const kind = kindOf(document);
  return kind !== undefined && isDecided(kind);
}

function decided(group: Document[], namespace: string, creationTimestamp: string): Decision {
  const objects = group.map(({ value }) => kept(asObject(value)));
  const written = objects.at(-1)!;
  let revisions: RevisionRecord[] = [];
  let object = written;
  if (written.kind === 'Service') {
    const spec: Fields = {};
    for (const each of group.map(({ value }) => asObject(value))) {
      const { template, traffic } = (each['spec'] ?? {}) as Fields;
      if (template !== undefined) revisions = revise(revisions, each, creationTimestamp);
      Object.assign(spec, template !== undefined && { template }, traffic !== undefined && { traffic });
    }
    object = withDefaults({ ...written, spec });
  }
  // As if kubectl had applied the files, so that it can tell what a later file leaves out. Of several for one object, none says all
  // of it, and what one leaves out is another's.
  const {
    apiVersion,
    kind,
    metadata: { name },
  } = written;
  const applied = group.length === 1 ? asObject(group[0]!.value) : { apiVersion, kind, metadata: { name } };
  const metadata = {
    ...object.metadata,
    annotations: { ...object.metadata.annotations, [lastApplied]: asApplied(applied, namespace) },
  };
  const identity = { uid: uidOf(keyOf(object)), generation: group.length, creationTimestamp };
  return { object: { ...object, metadata: { ...metadata, ...identity } }, revisions };
}

/** A function without a document runs as a Service with one revision; whatever is left out comes from its func.yaml. */
export function ofFunction(name: string, creationTimestamp: string): Decision {
  const template = { spec: { containers: [{ name: 'user-container' }] } };
  const metadata = { name, uid: uidOf(`Service/${name}`), generation: 1, creationTimestamp };
  const object = withDefaults({ apiVersion: 'serving.knative.dev/v1', kind: 'Service', metadata, spec: { template } });
  return { object, revisions: revise([], object, creationTimestamp) };
}

/** An object as it is kept: in one version, and without what only clients write. */
export function kept(object: KubeObject): KubeObject {
  const kind = kindOf(object);
  const content = contentOf(kind ? inVersion(kind, object, kind.versions[0]) : object);
  if (content.kind === 'Service' && kind) return withDefaults(content);
  if (content.kind !== 'Secret') return content;
  type Texts = Record<string, string>;
  const { stringData = {}, data = {}, type, ...rest } = content as KubeObject & { stringData?: Texts; data?: Texts };
  const encoded = Object.entries(stringData).map(([key, text]) => [key, Buffer.from(text).toString('base64')]);
  return { ...rest, type: type || 'Opaque', data: { ...data, ...(Object.fromEntries(encoded) as Texts) } };
}

/**
 * A decision as documents of the manifests.
 * @param place where it is kept, for the operator
 */
export function documentsOf({ object, revisions }: Decision, place?: string): Document[] {
  const manifests = object.kind === 'Service' ? manifestsOf(object, revisions) : [object];
  return manifests.map((value) => {
    const { apiVersion, kind, metadata } = value;
    const written = (path: readonly PropertyKey[]) =>
      path
        .map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`))
        .join('')
        .replace(/^\./, '');
    return {
      value,
      apiVersion,
      kind,
      name: metadata.name,
      at: () => place ?? `${kind} ${metadata.name}`,
      fault: (path, message) => [place, `${kind} ${metadata.name}`, written(path), message].filter(Boolean).join(': '),
    };
  });
}

/** The same for an object of the same name at every start. */
function uidOf(key: string): string {
  const digits = createHash('sha256').update(key).digest('hex');
  return digits.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, '$1-$2-5$3-8$4-$5');
}

/** What kubectl would have noted, byte for byte: Go escapes <, > and &. */
function asApplied(object: KubeObject, namespace: string): string {
  const { annotations = {}, ...metadata } = object.metadata;
  const text = canonical({ ...object, metadata: { ...metadata, annotations, namespace } });
  return `${text.replace(/[<>&]/g, (sign) => `\\u00${sign.charCodeAt(0).toString(16)}`)}\n`;
}

function attempt<Result>(task: () => Result): Result | undefined {
  try {
    return task();
  } catch {
    return undefined;
  }
}
