import type { Cluster } from './cluster.ts';
import { type LogLine, readLog } from './pod-log.ts';
import type { PodWatch } from './pod-watch.ts';

/** What the time until a stage's first answer consists of, in order, and whose it is. */
export const parts = [
  { name: 'pod wanted', whose: 'Kubernetes', what: 'broker, activator and autoscaler, until there is a pod' },
  { name: 'scheduled', whose: 'Kubernetes', what: 'until the pod has a node' },
  { name: 'container', whose: 'container', what: 'network, queue-proxy and container, until Node is started' },
  { name: 'Node', whose: 'Node', what: 'until Node begins to load the program' },
  { name: 'listening', whose: 'Darkroom', what: 'until the program accepts requests' },
  { name: 'called', whose: 'Kubernetes', what: 'probes and routing, until the request is there' },
  { name: 'work', whose: 'Darkroom', what: 'until the answer' },
] as const;
export const owners = ['Kubernetes', 'container', 'Node', 'Darkroom'] as const;

/** How a stage came from no pod to its answer. */
export interface Awakening {
  service: string;
  /** Milliseconds of each of `parts`. Their sum is `answeredAt` minus when it was asked. */
  took: number[];
  /** In milliseconds since 1970. */
  answeredAt: number;
}

/**
 * How one stage answered for one job, by what its pod logged and when the pod was seen. Two clocks meet here: this machine's saw the pod,
 * and the node's stamped its log.
 * @param askedAt when the answer that it waits for was there; whatever it had done by then took no time of the person's
 * @param step how the line begins that it logs at its answer
 */
export async function awakeningOf(
  { kubectl, pods }: Cluster,
  watch: PodWatch,
  { service, step, job, askedAt }: { service: string; step: string; job: string; askedAt: number },
): Promise<Awakening> {
  for (const { metadata } of await pods(service)) {
    const log = await readLog(kubectl, metadata.name);
    const answer = log.find((line) => line.step.startsWith(step) && line.fields['job'] === job);
    const listening = log.find((line) => line.step === 'listening');
    const sighting = watch.seen.get(metadata.name);
    if (!answer || !listening || !sighting) continue;
    const { created, scheduled = created } = sighting;
    const { ms, booted } = listening.fields;
    const started = listening.at - Number(ms);
    const moments = [created, scheduled, started, started + Number(booted), listening.at, beginningOf(answer), answer.at];
    let last = askedAt;
    const took = moments.map((moment) => {
      const since = last;
      last = Math.max(last, moment);
      return last - since;
    });
    return { service, took, answeredAt: last };
  }
  throw new Error(`No pod of ${service} has logged that it woke up and did “${step}” for ${job}`);
}

const beginningOf = ({ at, fields }: LogLine) => at - Number(fields['ms']);
