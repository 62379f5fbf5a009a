import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../clock.ts';
import { limits } from '../limits.ts';
import type { Log } from '../log.ts';
import type { ProbeSpec, RevisionSpec } from '../manifest/topology.ts';
import { gate } from './gate.ts';
import type { Surroundings } from './life.ts';
import { freePort } from './ports.ts';
import { real, supervise, type Vitals } from './supervisor.ts';
import { countdown, within } from '../within.ts';

/** A killed process leaves behind what it was writing; the next one starts with an empty folder, like a container. */
async function emptyFolder(folder: string): Promise<string> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  return folder;
}

/** The right to send one request. */
export interface Turn {
  /** "http://127.0.0.1:40123" */
  origin: string;
  release: () => void;
}

/** No process of the revision was up in time: the answer is 503, as from an activator. */
export class NotUp extends Error {
  override readonly name = 'NotUp';
}

/** A version of a function that requests can be sent to. */
export interface Revision {
  readonly spec: RevisionSpec;
  /** Settles once: resolves when it has proved that it runs, rejects with a sentence if it is abandoned. */
  readonly started: Promise<void>;
  readonly ready: boolean;
  /** Its processes, those that are starting or leaving included. */
  readonly replicas: Iterable<Replica>;
  /** Waits for a turn, and for the process if it is restarting. */
  turn(signal?: AbortSignal): Promise<Turn>;
  /** Waits for requests in flight, then for its processes to end. */
  stop(timeout?: number): Promise<void>;
}

/** One process of a revision. */
export interface Replica extends Revision {
  /** No other, earlier or later, has the same. */
  readonly id: string;
  /** When it was launched, and told to stop; in milliseconds since 1970. */
  readonly begun: number;
  readonly leaving: number | undefined;
  /** How its process is known in the log. */
  readonly process: string;
  readonly vitals: Vitals;
  /** Where it says what it has measured, if it does. */
  readonly metricsUrl: string | undefined;
}

export interface ReplicaOptions {
  /** Which of the processes of its revision it is; the first has the name of the revision. */
  number?: number;
  /** Its folder for temporary files, which nobody else has, and which goes with it. */
  temporary?: string;
  /** Called when its process starts, becomes ready, ceases to be, or ends. */
  changed?: (() => void) | undefined;
  /** The variable that tells it on which port to serve /metrics; otherwise, the port is that of its requests. */
  metricsVariable?: string | undefined;
  /** Called when nothing is in flight any more, and before its process is told to stop. */
  beforeEnd?: ((replica: Replica) => Promise<void>) | undefined;
}

/** @param platform what the platform itself puts into the environment; nothing overrides it */
export function startReplica(
  spec: RevisionSpec,
  platform: Record<string, string>,
  log: Log,
  surroundings: Surroundings = real(systemClock),
  options: ReplicaOptions = {},
): Replica {
  const { number = 1, changed = () => undefined, metricsVariable } = options;
  const temporary = options.temporary ?? join(platform['TMPDIR'] ?? tmpdir(), spec.name);
  const { clock } = surroundings;
  const entrance = gate(spec.concurrency);
  // A function with one revision is known by its own name; several revisions of a service must be distinguishable.
  const name = `${spec.name === `${spec.service}-00001` ? spec.service : spec.name}${number === 1 ? '' : `.${number}`}`;
  const process = supervise({ name, program, changed }, log, surroundings);
  const begun = clock.now();
  let leaving: number | undefined;
  let stopped: Promise<void> | undefined;
  let metricsUrl: string | undefined;

  async function program() {
    const port = await freePort();
    const metricsPort = metricsVariable === undefined ? port : await freePort();
    metricsUrl = `http://127.0.0.1:${metricsPort}/metrics`;
    const address = `http://127.0.0.1:${port}`;
    // faas-js-runtime has another name for its port, and labels what it measures with a random id unless it is told one.
    const identity = {
      PORT: String(port),
      FUNC_PORT: String(port),
      FAAS_ID: spec.name,
      FAAS_INSTANCE: spec.name,
      ...(metricsVariable !== undefined && { [metricsVariable]: String(metricsPort) }),
      K_SERVICE: spec.service,
      K_CONFIGURATION: spec.service,
      K_REVISION: spec.name,
    };
    const environment = {
      ...spec.environment,
      ...platform,
      ...identity,
      TMPDIR: await emptyFolder(temporary),
    };
    const { command, folder, liveness } = spec;
    const probe = ({ path, ...times }: ProbeSpec) => ({ url: address + path, ...times });
    return { command, folder, environment, address, readiness: probe(spec.readiness), liveness: liveness && probe(liveness) };
  }

  const replica: Replica = {
    id: randomUUID(),
    begun,
    get replicas() {
      return [replica];
    },
    get leaving() {
      return leaving;
    },
    spec,
    started: process.started,
    process: name,
    get ready() {
      return process.ready;
    },
    get vitals() {
      return process.vitals;
    },
    get metricsUrl() {
      return metricsUrl;
    },
    async turn(signal) {
      const release = await entrance.enter(signal);
      const origin = await process.address(limits.revisionWait);
      if (origin !== undefined) return { origin, release };
      release();
      throw new NotUp(`${name} is not up`);
    },
    stop: (timeout = limits.drainTime) => (stopped ??= stop(timeout)),
  };
  return replica;

  async function stop(timeout: number): Promise<void> {
    leaving = clock.now();
    changed();
    const left = countdown(timeout, clock);
    await within(timeout, entrance.idle(), clock);
    await options.beforeEnd?.(replica);
    await process.stop(Math.max(left(), limits.leastDrainTime));
    // Nobody waits for it, and whoever starts next has a folder of its own.
    rm(temporary, { recursive: true, force: true }).catch(() => undefined);
  }
}
