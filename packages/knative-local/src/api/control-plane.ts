import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { namespace as defaultNamespace } from '../broker/address.ts';
import { type Clock, systemClock } from '../clock.ts';
import { close, listen, type Listening } from '../listen.ts';
import type { Log } from '../log.ts';
import { namespaceOf } from '../manifest/document.ts';
import type { ManifestSources } from '../manifest/read.ts';
import type { Topology } from '../manifest/topology.ts';
import type { Wiring } from '../wiring.ts';
import { createDecisions } from './decisions/decisions.ts';
import { createCertificate, earlierPort, writeKubeconfig } from './kubeconfig.ts';
import { createReading } from './requests/reading.ts';
import { createResources } from './requests/resources.ts';
import { createApiServer } from './requests/server.ts';
import { createTrafficShift } from './traffic-shift.ts';
import { createWriting } from './requests/writing.ts';
import { createLogBook, type LogLine } from './state/log-book.ts';
import { objectsIn } from './state/objects.ts';
import { createPods, type Pods } from './state/pods.ts';
import { createRegistry } from './state/registry.ts';
import type { Situation } from './state/situation.ts';

const loopback = '127.0.0.1';

/** What there is to control. */
export type Controlled = Pick<Situation, 'fleet' | 'service' | 'port' | 'brokerOrigin'> & { wiring: Wiring };

/** An open control plane. */
export interface Controls {
  /** The path of the kubeconfig. */
  kubeconfig: string;
  /**
   * Gives revisions of a service other shares, as a client would.
   * @param percents by revision; the others get none
   * @throws StatusError if it cannot be; then nothing has changed
   */
  shiftTraffic(service: string, percents: Readonly<Record<string, number>>): Promise<void>;
}

/** What a person does to a cluster by kubectl and kn, on this machine by the same commands. */
export interface ControlPlane {
  /** Reads the manifests, and what clients said of them. */
  read(): Promise<Topology>;
  /** What was read last is in effect. */
  inEffect(): void;
  /** A process started, became ready, or ended. */
  changed(): void;
  /** Keeps the last lines of each process. */
  log: Log;
  /** What is in effect. */
  readonly topology: Topology;
  /** The last lines of a process, by its name in the log. */
  linesOf(process: string): readonly LogLine[];
  /** Opens the door. */
  open(controlled: Controlled): Promise<Controls>;
  close(): Promise<void>;
}

/**
 * @param folder where the kubeconfig is, and what clients said
 * @param inspect checks beyond what manifests can express; throws WrongManifests
 */
export async function createControlPlane(
  folder: string,
  sources: ManifestSources & { log: Log },
  inspect: (topology: Topology) => Topology,
  clock: Clock = systemClock,
): Promise<ControlPlane> {
  const { log } = sources;
  const namespace = (await namespaceOf(sources.config)) ?? defaultNamespace;
  const book = createLogBook(log, clock);
  const registry = createRegistry(clock);
  const decisions = await createDecisions({ path: join(folder, 'control-plane.json'), sources, namespace, inspect, log, clock });
  const begun = clock.now();
  let controlled: Controlled | undefined;
  let pods: Pods | undefined;
  let listening: Listening | undefined;
  let expected = false;

  function look(): void {
    expected = false;
    if (!controlled || !pods) return;
    const { all, topology } = decisions;
    registry.update(objectsIn({ ...controlled, pods, decisions: all, topology, namespace, begun }));
  }

  return {
    read: () => decisions.read(),
    inEffect() {
      decisions.commit();
      look();
    },
    changed() {
      // Several changes of one moment are looked at once.
      if (!expected) setImmediate(look);
      expected = true;
    },
    log: book.log,
    get topology() {
      return decisions.topology;
    },
    linesOf: book.linesOf,
    async open(given) {
      controlled = given;
      pods = createPods(given.fleet, clock);
      const path = join(folder, 'kubeconfig');
      const earlier = await earlierPort(path);
      const certificate = await createCertificate(clock.now());
      listening = await listen(earlier, loopback, certificate).catch(() => listen(0, loopback, certificate));
      const token = randomBytes(32).toString('base64url');
      const resources = createResources({ decisions, registry, wiring: given.wiring, pods, namespace, log, clock });
      const reading = createReading({ registry, pods, book, clock });
      const writing = createWriting(resources, clock);
      listening.server.on('request', createApiServer({ reading, writing, namespace, token, log }));
      await writeKubeconfig(path, { port: listening.port, cert: certificate.cert, token, namespace });
      look();
      return { kubeconfig: path, shiftTraffic: createTrafficShift(resources, decisions) };
    },
    async close() {
      if (listening) await close(listening, 0, clock);
    },
  };
}
