import { setTimeout as sleep } from 'node:timers/promises';
import { limits } from '../limits.ts';
import type { Log } from '../log.ts';
import { within } from '../within.ts';
import type { Child } from './child.ts';
import { beginLife, type End, type Service } from './life.ts';

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
  program: () => Promise<Service>;
}

/** Keeps one process running: starts it, waits until it is ready, and starts it again when it dies. */
export function supervise({ name, program }: Plan, log: Log): Supervised {
  const stopping = new AbortController();
  const started = Promise.withResolvers<void>();
  // Whoever waits for it is told; where nobody does, it must not end the runtime.
  started.promise.catch(() => undefined);
  let up = Promise.withResolvers<void>();
  let address: string | undefined;
  let child: Child | undefined;
  const over = run();

  return {
    started: started.promise,
    get ready() {
      return address !== undefined;
    },
    async address(patience) {
      if (address === undefined && !stopping.signal.aborted) await within(patience, up.promise);
      return address;
    },
    async stop(patience) {
      stopping.abort();
      address = undefined;
      await child?.stop(patience);
      await over;
    },
  };

  async function run(): Promise<void> {
    let everReady = false;
    let deaths = 0;
    while (!stopping.signal.aborted) {
      const begun = Date.now();
      const end = await live();
      if (!end || stopping.signal.aborted) break;
      everReady ||= end.wasReady;
      deaths = end.wasReady && Date.now() - begun > limits.steadyTime ? 1 : deaths + 1;
      if (!everReady && (end.tooSlow || deaths === limits.startAttempts)) return started.reject(givenUp(end, deaths));
      // At once the first time, then 0.25 s, 0.5 s, 1 s, ...
      const pause = deaths === 1 ? 0 : Math.min(125 * 2 ** (deaths - 1), limits.restartPause);
      log(name, `${end.reason}; starting it again${pause > 0 ? ` in ${pause / 1000} s` : ''}`);
      await sleep(pause, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
    started.reject(new Error(`${name} was stopped.`));
  }

  async function live(): Promise<End | undefined> {
    const service = await program();
    if (stopping.signal.aborted) return undefined;
    const life = beginLife(service, {
      print: (line) => log(name, line),
      up() {
        if (stopping.signal.aborted) return;
        ({ address } = service);
        up.resolve();
        started.resolve();
      },
      down() {
        address = undefined;
        up = Promise.withResolvers();
      },
    });
    child = life.child;
    return life.over;
  }

  function givenUp({ reason, tooSlow, lastLines }: End, deaths: number): Error {
    const words = lastLines.map((line) => `\n    ${line}`).join('');
    return new Error(`${name} ${reason}${tooSlow ? '' : ` before it was ready, ${deaths} times in a row`}.${words}`);
  }
}
