import { apiVersionOf, type Kind, kinds } from '../model/kinds.ts';

/** Which groups, versions and kinds there are: undefined for a path that is not about this. */
export function discovery(path: string): object | undefined {
  if (path === '/version') return version;
  if (path === '/api') return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] };
  if (path === '/apis') return { kind: 'APIGroupList', apiVersion: 'v1', groups: groups.map(groupOf) };
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
    const parts = subresourcesOf(kind).map((name) => `${plural}/${name}`);
    return [own, ...parts.map((name) => ({ name, singularName: '', namespaced, kind: kind.kind, verbs: ['get'] }))];
  });
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: group === '' ? wanted : `${group}/${wanted}`, resources };
}

export function subresourcesOf(kind: Kind): string[] {
  if (kind.kind === 'Pod') return ['log', 'status'];
  return apiVersionOf(kind) === 'v1' ? [] : ['status'];
}
