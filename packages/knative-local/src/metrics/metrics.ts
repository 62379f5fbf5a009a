import type { Observer } from '../broker/observer.ts';
import type { Clock } from '../clock.ts';
import { close, listen } from '../listen.ts';
import type { Topology } from '../manifest/topology.ts';
import { portTaken, whenFree } from '../process/ports.ts';
import type { Replica } from '../process/revision.ts';
import type { MetricsOptions } from '../runtime-options.ts';
import type { Families } from './exposition.ts';
import { createGatherer, type Gatherer } from './gatherer.ts';
import { createMeasurements } from './measurements.ts';
import { createMetricsServer } from './server.ts';

/** /metrics of everything on this machine: one target for Prometheus. */
export interface Metrics extends Pick<Gatherer, 'lastRead'> {
  url: string;
  observer: Observer;
  /** Says what there is to measure. */
  measure(present: () => Scene): void;
  close(): Promise<void>;
}

interface Scene {
  topology: Topology | undefined;
  replicas: readonly Replica[];
}

const loopback = '127.0.0.1';

/** @param take gets what was read, and when: milliseconds since 1970 */
export async function openMetrics(
  { port, anotherPort }: MetricsOptions,
  clock: Clock,
  take?: (families: Families, at: number) => void,
): Promise<Metrics> {
  let present = (): Scene => ({ topology: undefined, replicas: [] });
  const measurements = createMeasurements(() => present());
  const gatherer = createGatherer(() => present().replicas, measurements.text, clock);
  const listening = await whenFree(() => listen(port, loopback), clock).catch((error: unknown) => {
    throw portTaken(port, anotherPort, error);
  });
  listening.server.on('request', createMetricsServer(gatherer.text));
  const closing = new AbortController();
  void gatherer.keepReading(closing.signal, take && ((families) => take(families, clock.now())));
  return {
    url: `http://localhost:${listening.port}/metrics`,
    observer: measurements.observer,
    lastRead: gatherer.lastRead,
    measure(scene) {
      present = scene;
    },
    async close() {
      closing.abort();
      await close(listening, 0, clock);
    },
  };
}
