import { readBuild } from './build.ts';
import { check } from './check.ts';
import type { Document, Faults } from './document.ts';
import { ofContainer, ofFunction, type Sources } from './environment.ts';
import { type Func, readFunctions } from './functions.ts';
import * as probes from './probes.ts';
import { service } from './schema.ts';
import type { RevisionSpec, ServiceSpec } from './topology.ts';
import { readTraffic } from './traffic.ts';

/** Which function an image is, for Services that are not called like one. */
export interface ImageName {
  /** Its first group is the name of the function. */
  pattern: RegExp;
  /** How it is written, for the operator. */
  written: string;
}

export interface ServiceSources extends Omit<Sources, 'fault'> {
  documents: Document[];
  functionsFolder: string;
  /** The setting that names the folder of functions. */
  functionsSetting: string;
  image: ImageName;
  faults: Faults;
}

/**
 * Every function becomes a service. Service documents of one name are applied one after the other, as kubectl would:
 * each adds a revision, and the traffic of the last one holds. A function without any runs as one revision.
 */
export async function readServices(sources: ServiceSources): Promise<ServiceSpec[]> {
  const functions = await readFunctions(sources.functionsFolder, sources.functionsSetting, sources.faults);
  const applied = new Map<string, Document[]>();
  for (const document of sources.documents) applied.set(document.name, [...(applied.get(document.name) ?? []), document]);
  const described = [...applied].map(([name, documents]) => fromDocuments(name, documents, functions, sources));
  const plain = functions.filter(({ content }) => !applied.has(content.name)).map((each) => fromFunction(each, sources));
  return (await Promise.all([...described, ...plain])).filter((each) => each !== undefined);
}

async function fromFunction(
  { folder, document, content }: Func,
  { configMaps, operator, operational, faults }: ServiceSources,
): Promise<ServiceSpec> {
  const fault = (path: PropertyKey[], message: string) => void faults.push(document.fault(path, message));
  const { command, variables } = await readBuild(folder, content.name, faults);
  const revision: RevisionSpec = {
    name: `${content.name}-00001`,
    service: content.name,
    folder,
    command,
    concurrency: content.deploy?.options?.resources?.limits?.concurrency ?? 0,
    ...probes.ofFunction(content),
    environment: { ...ofFunction(content.run?.envs ?? [], { configMaps, operator, operational, fault }), ...variables },
  };
  return {
    name: content.name,
    http: isHttp(content.invoke),
    revisions: [revision],
    traffic: [{ revision: revision.name, percent: 100 }],
  };
}

async function fromDocuments(
  name: string,
  documents: Document[],
  functions: Func[],
  sources: ServiceSources,
): Promise<ServiceSpec | undefined> {
  const { configMaps, operator, operational, image, faults } = sources;
  const revisions: RevisionSpec[] = [];
  let traffic: ServiceSpec['traffic'] = [];
  let invoke: string | undefined;
  for (const document of documents) {
    const content = check(service, document, faults);
    if (!content) continue;
    const { metadata, spec } = content.spec.template;
    const [container] = spec.containers;
    const place = ['spec', 'template', 'spec', 'containers', 0];
    const fault = (path: PropertyKey[], message: string) => void faults.push(document.fault(path, message));

    const known =
      functions.find((each) => each.content.name === name) ??
      functions.find((each) => image.pattern.exec(container?.image ?? '')?.[1] === each.content.name);
    if (!known) {
      fault(
        [...place, 'image'],
        `no function is called ${name}, and the image is not ${image.written}; only functions of this folder run here, and no images`,
      );
      continue;
    }
    if (!metadata?.name && documents.length > 1)
      fault(['spec', 'template'], 'needs metadata.name, since several documents make revisions of this Service');
    const revision = metadata?.name ?? `${name}-00001`;
    if (revisions.some((each) => each.name === revision))
      fault(
        ['spec', 'template', 'metadata', 'name'],
        `there already is a revision ${revision}; a revision never changes, so choose another name`,
      );

    const { folder, command, variables } = await readBuild(known.folder, known.content.name, faults);
    const environment = { ...ofContainer(container!, place, { configMaps, operator, operational, fault }), ...variables };
    invoke = known.content.invoke;
    const concurrency = spec.containerConcurrency ?? 0;
    const health = probes.ofContainer(container!);
    revisions.push({ name: revision, service: name, folder, command, concurrency, ...health, environment });
    traffic = readTraffic(content.spec.traffic ?? [{ latestRevision: true, percent: 100 }], revisions, fault);
  }
  return revisions.length === 0 ? undefined : { name, http: isHttp(invoke), revisions, traffic };
}

/** A function that does not say how it is invoked is invoked by HTTP requests, as `func` has it. */
function isHttp(invoke = 'http'): boolean {
  return invoke === 'http';
}
