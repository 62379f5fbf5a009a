/**
 * npm run release              what `kn func deploy` left of every function becomes an immutable revision, and of ingest one for each version
 * npm run release -- v2        only that version of ingest
 * npm run release -- --namespace photos
 *
 * Deploying code, choosing filters and shifting traffic are three tasks, and this is the second: it takes the image that func deployed,
 * adds config/pod.yaml, and for ingest the environment of each config/versions/v*.yaml. The name of a revision is derived from its
 * content, so running it again changes nothing. A version keeps its tag and its share of the traffic.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { explain } from '@darkroom/shared/errors';
import { parse } from 'yaml';
import { condition, type Kubectl, openKubectl, type Resource } from './kubectl.ts';
import { type Fragment, merged } from './merged.ts';

const config = resolve(import.meta.dirname, '../config');
/** The function that has versions. */
const front = 'ingest';
/** Seconds that a revision may take to become ready: its image has to be pulled. */
const readySeconds = 300;

interface Template {
  metadata?: { name?: string; [field: string]: unknown };
  spec: Fragment & { containers: { env?: { name: string; value?: string }[] }[] };
}
interface Target {
  revisionName?: string;
  latestRevision?: boolean;
  tag?: string;
  percent?: number;
}
interface Service extends Resource {
  spec: { template: Template; traffic?: Target[] };
  status?: NonNullable<Resource['status']> & { latestReadyRevisionName?: string };
}
interface Version {
  tag: string;
  template: Template;
}

try {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { namespace: { type: 'string', short: 'n', default: 'darkroom' } },
  });
  const versions = await readVersions(positionals);
  const cluster = openKubectl(values.namespace);
  const services = await cluster.list<Service>('ksvc', 'function.knative.dev/name');
  if (!services.some(({ metadata }) => metadata.name === front))
    throw new Error(
      `There is no function ${front} in the namespace ${values.namespace}. Deploy it first: cd functions/${front} && kn func deploy`,
    );
  const stages = services.filter(({ metadata }) => metadata.name !== front && positionals.length === 0);
  await Promise.all(stages.map(({ metadata }) => releaseFunction(cluster, metadata.name)));
  for (const version of versions) await releaseVersion(cluster, version, version === versions[0] && positionals.length === 0);
} catch (error) {
  console.error(explain(error));
  process.exitCode = 1;
}

/** @throws if a name is not a file in config/versions, or versions do not set the same variables */
async function readVersions(asked: string[]): Promise<Version[]> {
  const folder = join(config, 'versions');
  const tags = (await readdir(folder)).filter((name) => /^v\d+\.yaml$/.test(name)).map((name) => name.slice(0, -'.yaml'.length));
  const unknown = asked.find((tag) => !tags.includes(tag));
  if (unknown) throw new Error(`There is no config/versions/${unknown}.yaml; there is ${tags.join(', ')}.`);
  const versions = await Promise.all(
    tags.sort().map(async (tag) => {
      const { spec } = parse(await readFile(join(folder, `${tag}.yaml`), 'utf8')) as Service;
      return { tag, template: spec.template };
    }),
  );
  // A variable that only one version sets would linger from the previous release.
  const variables = versions.map(({ template }) =>
    template.spec.containers[0]?.env
      ?.map(({ name }) => name)
      .sort()
      .join(),
  );
  if (new Set(variables).size > 1)
    throw new Error('The versions in config/versions must set the same variables. Add what is missing to each.');
  return versions.filter(({ tag }) => asked.length === 0 || asked.includes(tag));
}

async function releaseFunction(cluster: Kubectl, name: string): Promise<void> {
  const service = await read(cluster, name);
  const template = await hardened(service.spec.template);
  const revision = `${name}-${digestOf(template)}`;
  await makeRevision(cluster, name, revision, template);
  // By name, not "the latest": Knative does not go back to a revision that was there before.
  const traffic = [{ revisionName: revision, percent: 100 }];
  await cluster.update<Service>('ksvc', name, (current) => ({ ...current, spec: { ...current.spec, traffic } }));
}

/** @param first whether this version takes over what is served by no version yet: the function as func deployed it */
async function releaseVersion(cluster: Kubectl, { tag, template: version }: Version, first: boolean): Promise<void> {
  const service = await read(cluster, front);
  const template = merged(await hardened(service.spec.template), { spec: version.spec }) as Template;
  const revision = `${front}-${tag}-${digestOf(template)}`;
  await makeRevision(cluster, front, revision, template);

  let percent = 0;
  await cluster.update<Service>('ksvc', front, (current) => {
    const traffic = pinned(current);
    const mine = traffic.filter((target) => target.tag === tag || target.revisionName?.startsWith(`${front}-${tag}-`));
    const orphans = first ? traffic.filter(({ revisionName = '' }) => !/-v\d+-[0-9a-f]{8}$/.test(revisionName)) : [];
    percent = [...new Set([...mine, ...orphans])].reduce((sum, target) => sum + (target.percent ?? 0), 0);
    const rest = traffic.filter((target) => !mine.includes(target) && !orphans.includes(target));
    return { ...current, spec: { ...current.spec, traffic: [...rest, { revisionName: revision, tag, percent }] } };
  });
  console.log(`${tag} is ${revision}, with ${percent} % of the traffic`);
}

/** Pins whatever follows the latest revision to the one serving now, so that a release moves nobody. */
function pinned({ spec: { traffic = [] }, status }: Service): Target[] {
  const ready = status?.latestReadyRevisionName;
  return traffic.flatMap((target) => {
    if (!target.latestRevision) return [plain(target)];
    return ready ? [{ ...plain(target), revisionName: ready }] : [];
  });
}

/** A target of the traffic without what its status adds. */
function plain({ revisionName, tag, percent = 0 }: Target): Target {
  return { ...(revisionName && { revisionName }), ...(tag && { tag }), percent };
}

/**
 * Creates a revision and waits until it is ready. If it does not become ready, the Service gets its template back; traffic never moved.
 * @throws with the reason that Knative gives
 */
async function makeRevision(cluster: Kubectl, name: string, revision: string, template: Template): Promise<void> {
  const { spec } = await read(cluster, name);
  const before = spec.template;
  if (!(await cluster.get('revision', revision))) {
    const named = { ...template, metadata: { ...template.metadata, name: revision } };
    await cluster.update<Service>('ksvc', name, (service) => ({
      ...service,
      spec: { ...service.spec, template: named, traffic: pinned(service) },
    }));
    console.log(`${revision} starts`);
  }
  const reason = await refusal(cluster, revision);
  if (reason === undefined) return;
  await cluster.update<Service>('ksvc', name, (service) => ({ ...service, spec: { ...service.spec, template: before } }));
  throw new Error(
    `${revision} does not become ready: ${reason}. Traffic stays where it was. Mend the cause, then: kubectl -n ${cluster.namespace} delete revision ${revision}, and release again.`,
  );
}

/** Why a revision is not ready, once that is certain; undefined if it is. */
async function refusal(cluster: Kubectl, revision: string): Promise<string | undefined> {
  for (let waited = 0; ; waited += 1) {
    const ready = condition(await cluster.get('revision', revision), 'Ready');
    if (ready?.status === 'True') return undefined;
    // There may be room once the pods of the revision before have gone, or on a node that is on its way.
    if (ready?.status === 'False' && ready.reason !== 'Unschedulable')
      return `${ready.reason ?? ''} ${ready.message ?? ''}`.trim();
    if (waited === readySeconds)
      return `not after ${readySeconds} s (${ready?.reason ?? 'no word from Knative'}: ${ready?.message ?? ''})`;
    await sleep(1000);
  }
}

async function read(cluster: Kubectl, name: string): Promise<Service> {
  const service = await cluster.get<Service>('ksvc', name);
  if (!service) throw new Error(`There is no Service ${name} any more. Deploy it again: cd functions/${name} && kn func deploy`);
  return service;
}

/**
 * The template as func left it, with what config/pod.yaml adds; without its name, and without the hour at which func built it: the same
 * image is the same revision.
 */
async function hardened({ metadata, spec }: Template): Promise<Template> {
  const { name: _name, ...rest } = metadata ?? {};
  const pod = parse(await readFile(join(config, 'pod.yaml'), 'utf8')) as Fragment;
  const [container, ...others] = spec.containers;
  const timeless = { ...container, env: container?.env?.filter(({ name }) => name !== 'BUILT') ?? [] };
  return { metadata: rest, spec: merged({ ...spec, containers: [timeless, ...others] }, pod) as Template['spec'] };
}

function digestOf(template: Template): string {
  const text = JSON.stringify(template, (_key, value: unknown) => {
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
    return value;
  });
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}
