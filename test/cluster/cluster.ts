import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { condition, type Kubectl, openKubectl, type Resource } from '../../scripts/kubectl.ts';
import { serviceOf } from './service.ts';
import type { Settings } from './settings.ts';

const run = promisify(execFile);
export const repository = resolve(import.meta.dirname, '../..');
const functions = join(repository, 'functions');

export interface Pod extends Resource {
  status: NonNullable<Resource['status']> & {
    containerStatuses?: {
      name: string;
      ready: boolean;
      restartCount: number;
      lastState: { terminated?: { exitCode: number; reason: string } };
    }[];
  };
}
export interface Revision extends Resource {
  spec: { containers: { image: string }[] };
}
interface Service extends Resource {
  spec: { traffic?: { revisionName?: string; percent?: number }[] };
  status?: NonNullable<Resource['status']> & { url?: string };
}

/** Darkroom in a namespace of its own. */
export interface Cluster {
  kubectl: Kubectl;
  /** As in docs/deploy.md: the wiring, each function's code, the versions. */
  deploy(): Promise<void>;
  /** Another image of one function, as after a change of its code. */
  redeploy(name: string, folder?: string): Promise<void>;
  release(...versions: string[]): Promise<void>;
  /** kn's --traffic: v1=70,v2=30 */
  shift(traffic: string): Promise<void>;
  addressOf(service: string): Promise<string>;
  pods(service: string): Promise<Pod[]>;
  /** Revisions that do not become ready, even once there is room for their pods. */
  failedRevisions(): Promise<string[]>;
  /** Services with traffic on a revision that no release has made. */
  unreleased(): Promise<string[]>;
  remove(): Promise<void>;
}

export async function openCluster(namespace: string, settings: Settings): Promise<Cluster> {
  const kubectl = openKubectl(namespace);
  const domain = await domainOf();
  const images = new Map<string, string>();

  const cluster: Cluster = {
    kubectl,
    async deploy() {
      await applyWiring();
      for (const name of await readdir(functions)) {
        if (!images.has(name)) images.set(name, await build(join(functions, name, 'dist'), name));
        await apply(await serviceOf(join(functions, name), images.get(name)!, namespace));
      }
      await ready('ksvc');
      await cluster.release();
      for (const kind of ['broker', 'trigger', 'pingsource']) await ready(kind);
    },
    async redeploy(name, folder = join(functions, name)) {
      images.set(name, await build(join(folder, 'dist'), name));
      await apply(await serviceOf(folder, images.get(name)!, namespace));
      await ready('ksvc');
    },
    async release(...versions) {
      await run(process.execPath, [join(repository, 'scripts/release.ts'), '--namespace', namespace, ...versions]);
    },
    async shift(traffic) {
      await run('kn', ['service', 'update', 'ingest', '--namespace', namespace, '--traffic', traffic]);
    },
    async addressOf(service) {
      const { status } = (await kubectl.get<Service>('ksvc', service)) ?? {};
      if (!status?.url) throw new Error(`The Service ${service} has no address`);
      return status.url;
    },
    pods: (service) => kubectl.list<Pod>('pods', `serving.knative.dev/service=${service}`),
    async failedRevisions() {
      for (let waited = 0; ; waited += 1) {
        const failed = (await kubectl.list<Revision>('revisions')).flatMap((revision) => {
          const { status, reason = '' } = condition(revision, 'Ready') ?? {};
          return status === 'False' ? [{ name: revision.metadata.name, reason }] : [];
        });
        // While a load fills the node, more pods may have been asked for than there is room for. That ends with the load.
        const crowded = failed.some(({ reason }) => reason === 'Unschedulable');
        if (!crowded || waited === 180) return failed.map(({ name, reason }) => `${name} (${reason})`);
        await sleep(1000);
      }
    },
    async unreleased() {
      const services = await kubectl.list<Service>('ksvc');
      const isReleased = ({ revisionName = '', percent = 0 }) => percent === 0 || /-[0-9a-f]{8}$/.test(revisionName);
      return services.filter(({ spec }) => !spec.traffic?.every(isReleased)).map(({ metadata }) => metadata.name);
    },
    async remove() {
      await kubectl.run(['delete', 'namespace', namespace, '--wait=false']);
    },
  };
  return cluster;

  async function build(folder: string, name: string): Promise<string> {
    const { stdout } = await run('sh', ['-c', `${settings.IMAGE_COMMAND} "$0" "$1"`, folder, `darkroom/${name}:${Date.now()}`]);
    return stdout.trim().split('\n').at(-1)!;
  }

  async function apply(resource: Resource): Promise<void> {
    // What func does: it replaces the template and leaves the traffic alone. A revision's name is the server's choice again.
    const { name } = resource.metadata;
    if (!(await kubectl.get('ksvc', name))) return void (await kubectl.run(['create', '--filename=-'], JSON.stringify(resource)));
    const { template } = resource.spec as { template: unknown };
    await kubectl.update<Resource & { spec: object }>('ksvc', name, (present) => ({
      ...present,
      spec: { ...present.spec, template },
    }));
  }

  async function applyWiring(): Promise<void> {
    const folder = await mkdtemp(join(tmpdir(), 'wiring-'));
    const settingsPatch = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'darkroom', namespace: 'darkroom' },
      data: {
        K_SINK: `http://broker-ingress.knative-eventing.svc.cluster.local/${namespace}/default`,
        PUBLIC_URL: `http://ingest.${namespace}.${domain}`,
        // The judge is one client with the posts of hundreds.
        CLIENT_POSTS: '0',
        CLIENT_BYTES: '0',
      },
    };
    const replaced = (name: string, image: string | undefined) => {
      const [, newName, newTag] = /^(.*):([^:/]+)$/.exec(image ?? '') ?? [];
      return newName ? [{ name, newName, newTag }] : [];
    };
    const kustomization = {
      namespace,
      resources: [relative(folder, join(repository, 'config/overlays/kind'))],
      patches: [{ patch: JSON.stringify(settingsPatch) }],
      images: [
        ...replaced('ghcr.io/versity/versitygw', settings.STORE_IMAGE),
        ...replaced('maildev/maildev', settings.INBOX_IMAGE),
      ],
    };
    await writeFile(join(folder, 'kustomization.yaml'), JSON.stringify(kustomization));
    await kubectl.run(['apply', '--kustomize', folder]);
    await rm(folder, { recursive: true });
    await kubectl.run(['rollout', 'status', 'deployment/store', 'deployment/inbox', '--timeout=180s']);
  }

  /** Waits for conditions, not seconds: a slow machine is not a failure. */
  async function ready(kind: string): Promise<void> {
    for (let waited = 0; ; waited += 1) {
      const waiting = (await kubectl.list(kind)).filter((each) => condition(each, 'Ready')?.status !== 'True');
      if (waiting.length === 0) return;
      if (waited === 300)
        throw new Error(`${kind} ${waiting.map(({ metadata }) => metadata.name).join(', ')} did not become ready`);
      await sleep(1000);
    }
  }
}

/** The domain under which Serving gives Services their addresses. */
async function domainOf(): Promise<string> {
  const config = await openKubectl('knative-serving').get<Resource & { data: Record<string, string> }>(
    'configmap',
    'config-domain',
  );
  const domains = Object.entries(config?.data ?? {}).filter(
    ([name, selector]) => !name.startsWith('_') && !selector.includes('selector'),
  );
  return domains[0]?.[0] ?? 'svc.cluster.local';
}
