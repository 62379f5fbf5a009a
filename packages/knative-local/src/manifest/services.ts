import { readBuild } from './build.ts';
import { check } from './check.ts';
import type { Document, Faults } from './document.ts';
import { ofContainer, ofFunction, type EnvironmentSources } from './environment.ts';
import { type Func, readFunctions } from './functions.ts';
import * as probes from './probes.ts';
import * as scale from './scale.ts';
import { service } from './schema.ts';
import type { RevisionSpec, ServiceSpec } from './topology.ts';
import { readTraffic } from './traffic.ts';

/** Which function an image belongs to, for Services that are not named after one. */
export interface ImageName {
  /** The first group matches the function's name. */
  pattern: RegExp;
  /** How it is written, for the operator. */
  written: string;
}

export interface ServiceSources extends Omit<EnvironmentSources, 'fault'> {
  documents: Document[];
  functionsFolder: string;
  /** The setting that names the folder of functions. */
  functionsSetting: string;
  image: ImageName;
  defaults?: Record<string, string> | undefined;
  /** Functions that do not run. */
  removed?: ReadonlySet<string> | undefined;
  /** Whether a build that is older than its source may run. */
  buildsFollow: boolean;
  faults: Faults;
}

/**
 * Every function becomes a service. Service documents with the same name are applied one after another, as kubectl would do:
 * each template adds a revision, and the last `spec.traffic` applies. A function without documents runs as one revision.
 *
 * A document without an image is a version of the function with that name: whatever it leaves out comes from func.yaml.
 */
export async function readServices(sources: ServiceSources): Promise<ServiceSpec[]> {
  const functions = await readFunctions(sources.functionsFolder, sources.functionsSetting, sources.faults);
  const applied = new Map<string, Document[]>();
  for (const document of sources.documents) applied.set(document.name, [...(applied.get(document.name) ?? []), document]);
  const described = [...applied].map(([name, documents]) => fromDocuments(name, documents, functions, sources));
  const plain = functions
    .filter(({ content: { name } }) => !applied.has(name) && !sources.removed?.has(name))
    .map((each) => fromFunction(each, sources));
  return (await Promise.all([...described, ...plain])).filter((each) => each !== undefined);
}

async function fromFunction(func: Func, sources: ServiceSources): Promise<ServiceSpec> {
  const { name, invoke } = func.content;
  const { folder, command, build, variables } = await readBuild(func.folder, name, sources.faults, sources.buildsFollow);
  const { environment, ...rest } = ofFunc(func, sources);
  const revision = {
    name: `${name}-00001`,
    service: name,
    folder,
    command,
    build,
    ...rest,
    environment: { ...sources.defaults, ...environment, ...variables },
  };
  return { name, http: isHttp(invoke), revisions: [revision], traffic: [{ revision: revision.name, percent: 100 }] };
}

/** What func.yaml says about every revision. */
function ofFunc({ document, content }: Func, { configMaps, secrets, operator, operational, faults }: ServiceSources) {
  const fault = (path: PropertyKey[], message: string) => void faults.push(document.fault(path, message));
  const concurrency = content.deploy?.options?.resources?.limits?.concurrency ?? 0;
  return {
    concurrency,
    scale: scale.readScale(scale.ofFunction(content), concurrency, (_, message) =>
      fault(['deploy', 'options', 'scale'], message),
    ),
    ...probes.ofFunction(content),
    environment: ofFunction(content.run?.envs ?? [], { configMaps, secrets, operator, operational, fault }),
  };
}

async function fromDocuments(
  name: string,
  documents: Document[],
  functions: Func[],
  sources: ServiceSources,
): Promise<ServiceSpec | undefined> {
  const { configMaps, secrets, operator, operational, defaults, image, buildsFollow, faults } = sources;
  const read = documents.flatMap((document) => {
    const content = check(service, document, faults);
    return content ? [{ document, spec: content.spec }] : [];
  });
  const templates = read.filter(({ spec }) => spec.template !== undefined);
  const revisions: RevisionSpec[] = [];
  let invoke: string | undefined;
  for (const { document, spec } of templates) {
    const { metadata, spec: pod } = spec.template!;
    const container = pod.containers[0]!;
    const place = ['spec', 'template', 'spec', 'containers', 0];
    const fault = (path: PropertyKey[], message: string) => void faults.push(document.fault(path, message));

    const known =
      functions.find((each) => each.content.name === name) ??
      functions.find((each) => image.pattern.exec(container.image ?? '')?.[1] === each.content.name);
    if (!known) {
      fault(
        [...place, 'image'],
        `no function is called ${name}, and the image is not ${image.written}; only functions of this folder run here, and no images`,
      );
      continue;
    }
    if (!metadata?.name && templates.length > 1)
      fault(['spec', 'template'], 'needs metadata.name, since several documents make revisions of this Service');
    const revision = metadata?.name ?? `${name}-00001`;
    if (revisions.some((each) => each.name === revision))
      fault(
        ['spec', 'template', 'metadata', 'name'],
        `there already is a revision ${revision}; a revision never changes, so choose another name`,
      );

    const own = container.image === undefined ? ofFunc(known, sources) : undefined;
    const spelledOut = ofContainer(container, place, { configMaps, secrets, operator, operational, fault });
    const concurrency = pod.containerConcurrency ?? own?.concurrency ?? 0;
    const annotations = { ...(own && scale.ofFunction(known.content)), ...metadata?.annotations };
    const scaled = scale.readScale(annotations, concurrency, (annotation, message) =>
      fault(['spec', 'template', 'metadata', 'annotations', annotation], message),
    );
    const { folder, command, build, variables } = await readBuild(known.folder, known.content.name, faults, buildsFollow);
    const environment = { ...defaults, ...own?.environment, ...spelledOut, ...variables };
    const health = own ? probes.ofFunction(known.content) : probes.ofContainer(container);
    invoke = known.content.invoke;
    revisions.push({ name: revision, service: name, folder, command, build, concurrency, scale: scaled, ...health, environment });
  }

  const last = read.findLast(({ spec }) => spec.traffic !== undefined) ?? read.at(-1);
  if (!last) return undefined;
  if (templates.length === 0)
    faults.push(
      last.document.fault(
        ['spec'],
        'splits the traffic of a Service for which no document has a template; add one, or remove this',
      ),
    );
  if (revisions.length === 0) return undefined;
  const fault = (path: PropertyKey[], message: string) => void faults.push(last.document.fault(path, message));
  const traffic = readTraffic(last.spec.traffic ?? [{ latestRevision: true, percent: 100 }], revisions, fault);
  return { name, http: isHttp(invoke), revisions, traffic };
}

/** A function that does not say how it is invoked is invoked by HTTP requests, as in `func`. */
function isHttp(invoke = 'http'): boolean {
  return invoke === 'http';
}
