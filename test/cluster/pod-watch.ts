import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Kubectl } from '../../scripts/kubectl.ts';

/** When a pod was first seen, in milliseconds since 1970. Its own timestamps are whole seconds. */
export interface Sighting {
  created: number;
  /** Once it had a node. */
  scheduled?: number;
}

export interface PodWatch {
  /** By the name of the pod. */
  seen: ReadonlyMap<string, Sighting>;
  stop(): void;
}

/** Watches the pods of a namespace from now on. */
export function watchPods({ namespace }: Kubectl): PodWatch {
  const seen = new Map<string, Sighting>();
  const output = '--output=jsonpath={.metadata.name} {.spec.nodeName}{"\\n"}';
  const watch = spawn('kubectl', ['--namespace', namespace, 'get', 'pods', '--watch', output], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  createInterface(watch.stdout).on('line', (line) => {
    const [name = '', node] = line.split(' ');
    const sighting = seen.get(name) ?? { created: Date.now() };
    if (node) sighting.scheduled ??= Date.now();
    seen.set(name, sighting);
  });
  return { seen, stop: () => void watch.kill() };
}
