/**
 * npm run release              makes an immutable revision of every function as `kn func deploy` left it, and of ingest one for each version
 * npm run release -- v2        only that version of ingest
 * npm run release -- --namespace photos
 *
 * Deploying code, choosing filters and shifting traffic are three tasks, and this is the second: it takes the image that func deployed,
 * adds config/pod.yaml, and for ingest the environment of each config/versions/v*.yaml. The name of a revision is derived from its
 * content, so running it again changes nothing. A version keeps its tag and its share of the traffic.
 */
import { parseArgs } from 'node:util';
import { explain } from '@darkroom/shared/errors';
import { type Kubectl, openKubectl } from './kubectl.ts';
import { merged } from './merged.ts';
import { makeRevision } from './release/revision.ts';
import { readService, type Service, type Template } from './release/service.ts';
import { digestOf, hardened } from './release/template.ts';
import { handedTo, pinned } from './release/traffic.ts';
import { readVersions, type Version } from './release/version.ts';

/** The function that has versions. */
const front = 'ingest';

try {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { namespace: { type: 'string', short: 'n', default: 'darkroom' } },
  });
  await release(openKubectl(values.namespace), positionals);
} catch (error) {
  console.error(explain(error));
  process.exitCode = 1;
}

/** @param tags the versions of ingest to release; with none, every version, and every other function */
async function release(cluster: Kubectl, tags: string[]): Promise<void> {
  const isWhole = tags.length === 0;
  const versions = await readVersions(tags);
  const names = (await cluster.list<Service>('ksvc', 'function.knative.dev/name')).map(({ metadata }) => metadata.name);
  if (!names.includes(front))
    throw new Error(
      `There is no function ${front} in the namespace ${cluster.namespace}. Deploy it first: cd functions/${front} && kn func deploy`,
    );
  if (isWhole) await Promise.all(names.filter((name) => name !== front).map((name) => releaseFunction(cluster, name)));
  for (const version of versions) await releaseVersion(cluster, version, isWhole && version === versions[0]);
}

async function releaseFunction(cluster: Kubectl, name: string): Promise<void> {
  const template = await hardened((await readService(cluster, name)).spec.template);
  const revision = `${name}-${digestOf(template)}`;
  await makeRevision(cluster, name, revision, template);
  // By name, not "the latest": Knative does not go back to a revision that was there before.
  const traffic = [{ revisionName: revision, percent: 100 }];
  await cluster.update<Service>('ksvc', name, (present) => ({ ...present, spec: { ...present.spec, traffic } }));
}

/** @param adopts whether this version takes over what is served by no version yet: the function as func deployed it */
async function releaseVersion(cluster: Kubectl, { tag, template: version }: Version, adopts: boolean): Promise<void> {
  const deployed = await hardened((await readService(cluster, front)).spec.template);
  const template = merged(deployed, { spec: version.spec }) as Template;
  const revision = `${front}-${tag}-${digestOf(template)}`;
  await makeRevision(cluster, front, revision, template);
  const { spec } = await cluster.update<Service>('ksvc', front, (present) => ({
    ...present,
    spec: { ...present.spec, traffic: handedTo(revision, { service: front, tag, adopts }, pinned(present)) },
  }));
  console.log(`${tag} is ${revision}, with ${spec.traffic?.find((target) => target.tag === tag)?.percent} % of the traffic`);
}
