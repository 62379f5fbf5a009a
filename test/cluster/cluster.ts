import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { condition, type Kubectl, openKubectl, type Resource } from '../../scripts/kubectl.ts';
import { repository } from './repository.ts';
import { serviceOf } from './service.ts';
import type { Settings } from './settings.ts';
import { applyWiring } from './wiring.ts';

const run = promisify(execFile);
const functions = join(repository, 'functions');

interface Pod extends Resource {
  status: NonNullable<Resource['status']> & { containerStatuses?: { ready: boolean }[] };
}
interface Service extends Resource {
  spec: { traffic?: { revisionName?: string; percent?: number }[] };
  status?: NonNullable<Resource['status']> & { url?: string };
}

export const isReady = ({ status }: Pod) => status.containerStatuses?.every(({ ready }) => ready) === true;

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
  /** The name of a pod to run something in. @throws if there is none */
  readyPod(service: string): Promise<string>;
  /** Revisions that do not become ready, even once there is room for their pods. */
  failedRevisions(): Promise<string[]>;
  /** Services with traffic on a revision that no release has made. */
  unreleased(): Promise<string[]>;
  remove(): Promise<void>;
}

export async function openCluster(namespace: string, settings: Settings): Promise<Cluster> {
  const kubectl = openKubectl(namespace);
  const images = new Map<string, string>();

  const cluster: Cluster = {
    kubectl,
    async deploy() {
      await applyWiring(kubectl, settings);
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
    async readyPod(service) {
      const [pod] = (await cluster.pods(service)).filter(isReady);
      if (!pod) throw new Error(`There is no pod of ${service} that is ready`);
      return pod.metadata.name;
    },
    async failedRevisions() {
      for (let waited = 0; ; waited += 1) {
        const failed = (await kubectl.list('revisions')).flatMap((revision) => {
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
