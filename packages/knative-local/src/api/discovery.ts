import { apiVersionOf, type Kind, kinds } from './kinds.ts';

/** Which groups, versions and kinds there are: undefined for a path that is not about this. */
export function discovery(path: string, aggregated: boolean): object | undefined {
  if (path === '/version') return version;
  if (path === '/api')
    return aggregated ? aggregatedList(['']) : { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] };
  if (path === '/apis')
    return aggregated ? aggregatedList(groups) : { kind: 'APIGroupList', apiVersion: 'v1', groups: groups.map(groupOf) };
  const [, group, named] = /^\/apis\/([\w.]+)(?:\/(\w+))?$/.exec(path) ?? (path === '/api/v1' ? [path, '', 'v1'] : []);
  if (group === undefined || (group !== '' && !groups.includes(group))) return undefined;
  return named === undefined ? { ...groupOf(group), kind: 'APIGroup', apiVersion: 'v1' } : resourceList(group, named);
}

/** The API of Kubernetes that is followed, and whose it is. */
const version = {
  major: '1',
  minor: '32',
  gitVersion: 'v1.32.0+knative-local',
  gitCommit: '',
  gitTreeState: 'clean',
  buildDate: '1970-01-01T00:00:00Z',
  goVersion: '',
  compiler: '',
  platform: `${process.platform}/${process.arch}`,
};

const groups = [...new Set(kinds.map(({ group }) => group))].filter((group) => group !== '');

/** The one that is kept first. */
function versionsOf(group: string): string[] {
  const versions = [...new Set(kinds.filter((each) => each.group === group).flatMap((each) => each.versions))];
  return versions.sort((one, other) => Number(one.includes('beta')) - Number(other.includes('beta')));
}

function groupOf(group: string): object {
  const versions = versionsOf(group).map((each) => ({ groupVersion: `${group}/${each}`, version: each }));
  return { name: group, versions, preferredVersion: versions[0] };
}

function inGroup(group: string, wanted: string): Kind[] {
  return kinds.filter((each) => each.group === group && each.versions.includes(wanted));
}

function resourceList(group: string, wanted: string): object | undefined {
  const found = inGroup(group, wanted);
  if (found.length === 0) return undefined;
  const resources = found.flatMap((kind) => {
    const { plural, singular, namespaced, verbs, shortNames, categories } = kind;
    const own = { name: plural, singularName: singular, namespaced, kind: kind.kind, verbs, shortNames, categories };
    return [
      own,
      ...subresourcesOf(kind).map((name) => ({ ...own, name: `${plural}/${name}`, singularName: '', verbs: ['get'] })),
    ];
  });
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: group === '' ? wanted : `${group}/${wanted}`, resources };
}

/** All in one answer, as kubectl asks since 1.26. */
function aggregatedList(wanted: string[]): object {
  const items = wanted.map((group) => ({
    metadata: group === '' ? {} : { name: group },
    versions: versionsOf(group).map((each) => ({
      version: each,
      freshness: 'Current',
      resources: inGroup(group, each).map((kind) => {
        const responseKind = { group, version: each, kind: kind.kind };
        const { plural: resource, singular: singularResource, shortNames, categories, verbs } = kind;
        const subresources = subresourcesOf(kind).map((subresource) => ({ subresource, responseKind, verbs: ['get'] }));
        const scope = kind.namespaced ? 'Namespaced' : 'Cluster';
        return { resource, responseKind, scope, singularResource, verbs, shortNames, categories, subresources };
      }),
    })),
  }));
  return { kind: 'APIGroupDiscoveryList', apiVersion: 'apidiscovery.k8s.io/v2', metadata: {}, items };
}

export function subresourcesOf(kind: Kind): string[] {
  if (kind.kind === 'Pod') return ['log', 'status'];
  return apiVersionOf(kind) === 'v1' ? [] : ['status'];
}
