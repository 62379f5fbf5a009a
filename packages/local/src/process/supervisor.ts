import { setTimeout as sleep } from 'node:timers/promises';
import { limits } from '../limits.ts';
import type { Log } from '../log.ts';
import { type Child, type Program, startChild } from './child.ts';
import { within } from '../within.ts';
import { probe } from './probe.ts';

export interface Supervised {
  /** Settles once: it was ready, or it was given up (rejects with a sentence). */
  readonly started: Promise<void>;
  readonly ready: boolean;
  /** Its address, as soon as it is up; undefined where that takes longer than `patience` milliseconds. */
  address(patience: number): Promise<string | undefined>;
  stop(patience: number): Promise<void>;
}

export interface Plan {
  name: string;
  /** Called for each life, since a port can be lost to another program in between. */
  program(): Promise<Program & { address: string; readiness: string }>;
}

/** Keeps one process running: starts it, waits until it is ready, and starts it again when it dies. */
export function supervise({ name, program }: Plan, log: Log): Supervised {
  let child: Child | undefined;
  let address: string | undefined;
  let stopping = false;
  const wakeUp = new AbortController();
  const started = Promise.withResolvers<void>();
  started.promise.catch(() => undefined);
  let up = Promise.withResolvers<void>();
  const over = run();

  return {
    started: started.promise,
    get ready() {
      return address !== undefined;
    },
    async address(patience) {
      if (address === undefined && !stopping) await within(patience, up.promise);
      return address;
    },
    async stop(patience) {
      stopping = true;
      address = undefined;
      wakeUp.abort();
      await child?.stop(patience);
      await over;
    },
  };

  async function run(): Promise<void> {
    let everReady = false;
    for (let deaths = 0; !stopping; ) {
      const begun = Date.now();
      const end = await live();
      if (end.wasReady) everReady = true;
      if (stopping) break;
      deaths = end.wasReady && Date.now() - begun > limits.steadyTime ? 1 : deaths + 1;
      if (!everReady && (deaths === limits.startAttempts || end.tooSlow)) {
        const words = end.lastLines.map((line) => `\n    ${line}`).join('');
        return started.reject(new Error(`${name} ${end.reason} before it was ready${end.tooSlow ? '' : `, ${deaths} times in a row`}.${words}`));
      }
      // At once the first time, then 0.25 s, 0.5 s, 1 s, ...
      const pause = deaths === 1 ? 0 : Math.min(125 * 2 ** (deaths - 1), limits.restartPause);
      log(name, `${end.reason}; starting it again${pause > 0 ? ` in ${pause / 1000} s` : ''}`);
      await sleep(pause, undefined, { signal: wakeUp.signal }).catch(() => undefined);
    }
    started.reject(new Error(`${name} was stopped.`));
  }

  async function live() {
    const { address: ownAddress, readiness, ...rest } = await program();
    if (stopping) return { reason: 'was stopped', wasReady: false, tooSlow: false, lastLines: [] };
    const current = startChild(rest, (line) => log(name, line));
    child = current;
    let tooSlow = false;
    const dead = new AbortController();
    const slow = setTimeout(() => {
      tooSlow = true;
      void current.stop(limits.drainTime);
    }, limits.startTime);
    void probe(readiness, dead.signal).then((answered) => {
      clearTimeout(slow);
      if (!answered || dead.signal.aborted || stopping) return;
      address = ownAddress;
      up.resolve();
      started.resolve();
    });
    let wasReady = false;
    void current.gone.then(() => {
      dead.abort();
      wasReady = address !== undefined;
      if (wasReady) up = Promise.withResolvers();
      address = undefined;
    });
    const ended = await current.ended;
    dead.abort();
    clearTimeout(slow);
    return { reason: tooSlow ? `did not become ready within ${limits.startTime / 1000} s` : ended, wasReady, tooSlow, lastLines: current.lastLines() };
  }
}
