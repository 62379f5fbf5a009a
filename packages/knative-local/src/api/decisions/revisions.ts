import { canonical, contentOf, type Fields, fieldOf, isFields, type KubeObject, textOf, withoutEmpty } from '../model/object.ts';
import { differences } from '../model/patch.ts';
import { StatusError } from '../model/status-error.ts';

/** A template that became a revision. It never changes. */
export interface RevisionRecord {
  name: string;
  /** Its place among the templates that its Service has had. */
  generation: number;
  creationTimestamp: string;
  template: Fields;
}

export interface TrafficTarget extends Fields {
  revisionName?: string;
  latestRevision?: boolean;
  tag?: string;
  percent?: number;
}

/** Revisions that get no traffic are forgotten, the oldest first, beyond this many. */
const unusedKept = 20;

/**
 * The revisions of a Service once its template is `next`, by Knative's rules: a new template makes a new revision, named by the template or
 * by its generation, and a revision never changes.
 * @param before its revisions until now, oldest first
 * @throws StatusError 400 if the latest is to change, 422 if another is
 */
export function revise(before: readonly RevisionRecord[], next: KubeObject, creationTimestamp: string): RevisionRecord[] {
  const template = templateOf(next);
  const wanted = textOf(template, 'metadata.name') || undefined;
  const latest = before.at(-1);
  const generation = Math.max(0, ...before.map((each) => each.generation)) + 1;
  if (latest && same(latest.template, template) && (wanted === undefined || wanted === latest.name)) return [...before];
  const name = wanted === undefined ? `${next.metadata.name}-${String(generation).padStart(5, '0')}` : wanted;
  if (!name.startsWith(`${next.metadata.name}-`))
    throw new StatusError(422, `spec.template.metadata.name: ${name} must begin with ${next.metadata.name}-`);
  const present = before.find((each) => each.name === name);
  if (present && !same(present.template, template)) {
    if (present === latest)
      throw denied(
        'Saw the following changes without a name change',
        'spec.template.metadata.name',
        essence(present.template),
        essence(template),
      );
    throw new StatusError(
      422,
      `spec.template: there already is a revision ${name} with other content, and a revision never changes. Choose another spec.template.metadata.name, or leave it out.`,
    );
  }
  const others = before.filter((each) => each !== present);
  return [...others, present ?? { name, generation, creationTimestamp, template }];
}

/** Forgets the oldest revisions that get no traffic. */
export function pruned(revisions: RevisionRecord[], service: KubeObject): RevisionRecord[] {
  const used = routed(revisions, service);
  const unused = revisions.filter((each) => !used.includes(each));
  const forgotten = new Set(unused.slice(0, Math.max(0, unused.length - unusedKept)));
  return revisions.filter((each) => !forgotten.has(each));
}

/** The revisions that traffic can reach, by percentage or tag. */
export function routed(revisions: readonly RevisionRecord[], service: KubeObject): RevisionRecord[] {
  const names = trafficOf(service).map((target) => revisionOf(target, revisions));
  return revisions.filter(({ name }) => names.includes(name));
}

/** The name of the revision that a target leads to. */
export function revisionOf({ revisionName }: TrafficTarget, revisions: readonly RevisionRecord[]): string | undefined {
  return revisionName ?? revisions.at(-1)?.name;
}

/** `spec.traffic`, with what Knative fills in. */
export function trafficOf(service: KubeObject): TrafficTarget[] {
  const written = fieldOf(service, 'spec.traffic');
  const targets = Array.isArray(written) && written.length > 0 ? written.filter(isFields) : [{ percent: 100 }];
  return (targets as TrafficTarget[]).map((target) => ({ ...target, latestRevision: target.revisionName === undefined }));
}

/** A Service as clients read it: with its split in full. */
export function withDefaults(service: KubeObject): KubeObject {
  return { ...service, spec: { ...(service['spec'] as Fields), traffic: trafficOf(service) } };
}

/**
 * The manifests that run a Service: one for each revision that traffic can reach, and one for the latest, since it has to prove that it can
 * run. The others have no process.
 */
export function manifestsOf(service: KubeObject, revisions: readonly RevisionRecord[]): KubeObject[] {
  const reached = routed(revisions, service);
  const running = revisions.filter((each) => reached.includes(each) || each === revisions.at(-1));
  const traffic = trafficOf(service);
  return running.map(({ name, template }) => {
    const metadata = { ...(template['metadata'] as Fields | undefined), name };
    return { ...service, spec: { template: { ...template, metadata }, traffic } };
  });
}

/** @throws StatusError 422 */
function templateOf(service: KubeObject): Fields {
  const template = fieldOf(service, 'spec.template');
  if (isFields(template) && isFields(template['spec'])) return template;
  throw new StatusError(422, 'spec.template.spec: is missing; a Service says what runs');
}

/** Whether two templates are one. */
function same(one: Fields, other: Fields): boolean {
  return canonical(essence(one)) === canonical(essence(other));
}

/** A template without its name, and without empty fields, which typed clients add. */
function essence({ metadata, ...rest }: Fields): unknown {
  const { name: _, ...described } = (metadata ?? {}) as Fields;
  return withoutEmpty({ ...rest, metadata: described });
}

/**
 * A revision is as it is.
 * @throws StatusError 400 if it is to be otherwise
 */
export function unchanged(now: KubeObject, wanted: KubeObject): KubeObject {
  const [before, after] = [now['spec'], wanted['spec']].map((spec) => withoutEmpty(spec ?? {}));
  if (canonical(before) !== canonical(after)) throw denied('Immutable fields changed', 'spec', { spec: before }, { spec: after });
  if (canonical(contentOf(now)) === canonical(contentOf({ ...wanted, spec: now['spec'] }))) return now;
  throw new StatusError(
    422,
    `the labels and annotations of ${now.metadata.name} come from the template of its Service; write them there`,
  );
}

/** As Knative's webhook says it. */
function denied(what: string, field: string, before: unknown, now: unknown): StatusError {
  const webhook = 'admission webhook "validation.webhook.serving.knative.dev" denied the request';
  return new StatusError(400, `${webhook}: validation failed: ${what} (-old +new): ${field}\n${differences(before, now)}`);
}
