import type { Clock } from '../clock.ts';
import { limits } from '../limits.ts';
import { type Child, endChild, type Program, type startChild } from './child.ts';
import { type Ask, type Probe, type Prober, untilHealthy, watchHealth } from './probe.ts';

/** What to start, where it will answer, and how its health is probed. */
export interface ProbedProgram extends Program {
  address: string;
  readiness: Probe;
  liveness?: Probe | undefined;
}

/** What the life of a process depends on. */
export interface Surroundings {
  start: typeof startChild;
  ask: Ask;
  clock: Clock;
}

/** How one life of a process ended. */
export interface End {
  /** In words: "ended with exit code 1". */
  reason: string;
  wasReady: boolean;
  /** It was killed because it did not become ready. */
  tooSlow: boolean;
  lastLines: string[];
}

interface Life {
  child: Child;
  over: Promise<End>;
}

interface Listeners {
  print: (line: string) => void;
  /** It is ready, for the first time or again. */
  up: () => void;
  /** It is no longer up, if it was. */
  down: () => void;
  /** It is still there but fails its readiness probe. */
  unready: () => void;
}

/** One life of a supervised process: it starts, becomes ready, and ends. */
export function beginLife(
  { readiness, liveness, ...program }: ProbedProgram,
  { print, up, down, unready }: Listeners,
  { start, ask, clock }: Surroundings,
): Life {
  const child = start(program, print);
  const gone = new AbortController();
  const prober: Prober = { ask, clock, signal: gone.signal };
  let wasReady = false;
  let tooSlow = false;
  let hung = false;
  void limitStart();
  void watch();
  void watchEnd();
  return { child, over: end() };

  async function limitStart() {
    await clock.sleep(limits.startTime, gone.signal).catch(() => undefined);
    if (wasReady || gone.signal.aborted) return;
    tooSlow = true;
    void endChild(child, limits.drainTime, clock);
  }

  async function watch() {
    wasReady = await untilHealthy(readiness, prober);
    if (!wasReady) return;
    up();
    void watchHealth(readiness, prober, (healthy) => {
      if (hung) return;
      if (healthy) return up();
      down();
      unready();
    });
    if (!liveness) return;
    void watchHealth(liveness, prober, () => {
      if (hung) return;
      hung = true;
      down();
      // A hanging process has nothing to wind up, and a suspended one (SIGSTOP) reacts only to SIGKILL.
      void endChild(child, limits.leastDrainTime, clock);
    });
  }

  async function watchEnd() {
    await child.gone;
    gone.abort();
    down();
  }

  async function end(): Promise<End> {
    const reason = await child.ended;
    // If it could not even be started, it never existed, so it can never be gone.
    gone.abort();
    return { reason: tooSlow ? slow() : hung ? stuck() : reason, wasReady, tooSlow, lastLines: child.lastLines() };
  }

  function slow(): string {
    return `did not become ready within ${limits.startTime / 1000} s`;
  }

  function stuck(): string {
    return `hung: it failed its liveness probe ${liveness!.failureThreshold} times in a row, and was ended`;
  }
}
