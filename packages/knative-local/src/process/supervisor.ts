import { type Clock, systemClock } from '../clock.ts';
import { explain } from '../errors.ts';
import { limits } from '../limits.ts';
import type { Log } from '../log.ts';
import { within } from '../within.ts';
import { type Child, endChild, startChild } from './child.ts';
import { beginLife, type End, type ProbedProgram, type Surroundings } from './life.ts';
import { askHttp } from './probe.ts';

export interface Supervised {
  /** Settles once: resolves when it is ready, rejects with a sentence if it is abandoned. */
  readonly started: Promise<void>;
  readonly ready: boolean;
  /** From its plan. */
  readonly dispensable: boolean;
  /** What can be told of its present life. */
  readonly vitals: Vitals;
  /** Its address as soon as it is up; undefined if that takes longer than `timeout` milliseconds. */
  address(timeout: number): Promise<string | undefined>;
  stop(timeout: number): Promise<void>;
}

export interface Vitals {
  /** Undefined between two lives. */
  pid: number | undefined;
  /** When this life began, or the last one if there is none at present; in milliseconds since 1970. */
  since: number;
  restarts: number;
  /** How the last life ended, in words. */
  lastEnd?: string;
}

export interface Plan {
  name: string;
  /** Called for each life, since another program may take the port in between. */
  program: () => Promise<ProbedProgram>;
  /** The rest can do without it: if it does not start, that is logged, and it is retried for as long as it takes. */
  dispensable?: boolean;
  /** Called after it has become ready, ceased to be, ended, or begun a new life. */
  changed?: () => void;
}

/** Real processes and real probes. */
export const real = (clock: Clock): Surroundings => ({ start: startChild, ask: askHttp, clock });

/** Keeps one process running: starts it, waits until it is ready, and restarts it when it dies or hangs. */
export function supervise(
  { name, program, dispensable = false, changed = () => undefined }: Plan,
  log: Log,
  surroundings = real(systemClock),
): Supervised {
  const { clock } = surroundings;
  const stopping = new AbortController();
  const started = Promise.withResolvers<void>();
  // Whoever waits for it finds out; if nobody does, it must not end the runtime.
  started.promise.catch(() => undefined);
  let up = Promise.withResolvers<void>();
  let address: string | undefined;
  let child: Child | undefined;
  let vitals: Vitals = { pid: undefined, since: clock.now(), restarts: 0 };
  const over = run();

  return {
    started: started.promise,
    dispensable,
    get vitals() {
      return vitals;
    },
    get ready() {
      return address !== undefined;
    },
    async address(timeout) {
      if (!stopping.signal.aborted) await within(timeout, up.promise, clock);
      return address;
    },
    async stop(timeout) {
      stopping.abort();
      address = undefined;
      if (child) await endChild(child, timeout, clock);
      await over;
    },
  };

  async function run(): Promise<void> {
    let everReady = false;
    let deaths = 0;
    while (!stopping.signal.aborted) {
      const begun = clock.now();
      const end = await live();
      if (!end || stopping.signal.aborted) break;
      vitals = { pid: undefined, since: begun, restarts: vitals.restarts + 1, lastEnd: end.reason };
      changed();
      everReady ||= end.wasReady;
      deaths = end.wasReady && clock.now() - begun > limits.steadyTime ? 1 : deaths + 1;
      if (!everReady && (end.tooSlow || deaths === limits.startAttempts)) {
        if (!dispensable) return started.reject(new Error(`${name} ${lastWords(end, deaths)}`));
        log(name, `${lastWords(end, deaths)}\nEverything else goes on without it, and it is retried.`);
        started.resolve();
      }
      // Immediately the first time, then after 0.25 s, 0.5 s, 1 s, ...
      const pause = deaths === 1 ? 0 : Math.min(125 * 2 ** (deaths - 1), limits.restartPause);
      log(name, `${end.reason}; restarting it${pause > 0 ? ` in ${pause / 1000} s` : ''}`);
      await clock.sleep(pause, stopping.signal).catch(() => undefined);
    }
    started.reject(new Error(`${name} was stopped.`));
  }

  async function live(): Promise<End | undefined> {
    let service: ProbedProgram;
    try {
      service = await program();
    } catch (error) {
      return { reason: `could not be started: ${explain(error)}`, wasReady: false, tooSlow: false, lastLines: [] };
    }
    if (stopping.signal.aborted) return undefined;
    let wasUp = false;
    const listeners = {
      print: (line: string) => log(name, line),
      up() {
        if (stopping.signal.aborted) return;
        if (wasUp) log(name, 'is ready again');
        wasUp = true;
        ({ address } = service);
        up.resolve();
        started.resolve();
        changed();
      },
      down() {
        if (address === undefined) return;
        address = undefined;
        up = Promise.withResolvers();
        changed();
      },
      unready: () => log(name, 'fails its readiness probe, and gets no requests until it answers again'),
    };
    const life = beginLife(service, listeners, surroundings);
    child = life.child;
    vitals = { ...vitals, pid: child.pid, since: clock.now() };
    changed();
    return life.over;
  }

  function lastWords({ reason, tooSlow, lastLines }: End, deaths: number): string {
    const words = lastLines.map((line) => `\n    ${line}`).join('');
    return `${reason}${tooSlow ? '' : ` before it was ready, ${deaths} times in a row`}.${words}`;
  }
}
