import { type Clock, systemClock } from '../clock.ts';
import { limits } from '../limits.ts';
import type { Replica } from '../process/revision.ts';
import { within } from '../within.ts';
import { type Families, type Family, labelled, readFamilies, writeFamilies } from './exposition.ts';

type Measured = Pick<Replica, 'id' | 'process' | 'metricsUrl' | 'vitals'> & { spec: Pick<Replica['spec'], 'service'> };

/**
 * Gathers the metrics of all processes. What counts up is added up for each service, over the processes that have ended as well, so that it
 * survives scaling to zero and has as many series as one process. What goes up and down is told of each process (`pod`).
 */
export interface Gatherer {
  /** To be called before a process is told to stop: it takes what it has counted with it. */
  lastRead(replica: Measured): Promise<void>;
  /** In Prometheus' text format. */
  text(): Promise<string>;
  /**
   * Reads all processes now and then, whether or not anybody asks, until the signal is aborted.
   * @param take gets what they said each time
   */
  keepReading(signal: AbortSignal, take?: (families: Families) => void): Promise<void>;
}

/** What one life of a process said last. */
interface Reading {
  service: string;
  pod: string;
  families: Families;
}

const growing = ['counter', 'histogram', 'summary'];

/** @param own what is measured here, in the same format */
export function createGatherer(
  replicas: () => Iterable<Measured>,
  own: () => Promise<string> = async () => '',
  clock: Clock = systemClock,
): Gatherer {
  /** By life: a process that was started again begins to count at zero. */
  const readings = new Map<string, Reading>();
  const ended = new Map<string, Map<string, Family>>();

  async function read(replica: Measured): Promise<void> {
    const life = lifeOf(replica);
    const url = replica.metricsUrl;
    if (url === undefined || life === undefined) return;
    const gone = new AbortController();
    const reading = fetch(url, { signal: gone.signal }).then(async (answer) => {
      if (!answer.ok) return;
      const families = readFamilies(await answer.text());
      readings.set(life, { service: replica.spec.service, pod: replica.process, families });
    });
    await within(
      limits.metricsTime,
      reading.catch(() => undefined),
      clock,
    );
    gone.abort();
  }

  /** Of lives that are over, the sums stay. */
  function bury(present: Set<string | undefined>): void {
    for (const [life, { service, families }] of readings) {
      if (present.has(life)) continue;
      readings.delete(life);
      const sums = ended.get(service) ?? new Map<string, Family>();
      ended.set(service, sums);
      for (const family of families.values()) if (growing.includes(family.type)) add(sums, family, {});
    }
  }

  async function readAll(): Promise<void> {
    const present = [...replicas()];
    await Promise.all(present.map(read));
    bury(new Set(present.map(lifeOf)));
  }

  /** What has been read, and what is measured here. */
  async function together(): Promise<Families> {
    const all = readFamilies(await own());
    for (const [service, sums] of ended) for (const family of sums.values()) add(all, family, { service });
    for (const { service, pod, families } of readings.values())
      for (const family of families.values()) add(all, family, growing.includes(family.type) ? { service } : { service, pod });
    return all;
  }

  return {
    lastRead: read,
    async keepReading(signal, take) {
      for (;;) {
        await clock.sleep(limits.metricsInterval, signal).catch(() => undefined);
        if (signal.aborted) return;
        await readAll();
        take?.(await together());
      }
    },
    async text() {
      await readAll();
      return writeFamilies(await together());
    },
  };
}

function lifeOf({ id, vitals: { pid } }: Measured): string | undefined {
  return pid === undefined ? undefined : `${id} ${pid}`;
}

/** Adds samples to those of the same series. */
function add(sums: Map<string, Family>, { name, type, help, samples }: Family, labels: Record<string, string>): void {
  const family = sums.get(name) ?? { name, type, help, samples: new Map<string, number>() };
  sums.set(name, family);
  for (const [series, value] of samples) {
    const key = labelled(series, labels);
    family.samples.set(key, (family.samples.get(key) ?? 0) + value);
  }
}
