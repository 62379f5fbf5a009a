import { limits } from '../limits.ts';
import { type Child, type Program, startChild } from './child.ts';
import { probe } from './probe.ts';

/** What to start, and where it will answer. */
export type Service = Program & { address: string; readiness: string };

/** How a life of a process ended. */
export interface End {
  /** In words: "ended with exit code 1". */
  reason: string;
  wasReady: boolean;
  /** It was ended because it did not become ready. */
  tooSlow: boolean;
  lastLines: string[];
}

interface Life {
  child: Child;
  over: Promise<End>;
}

interface Listeners {
  print: (line: string) => void;
  up: () => void;
  /** It was up, and is not any more. */
  down: () => void;
}

/** One life of a supervised process: from its start, by its being ready, to its end. */
export function beginLife({ readiness, ...program }: Service, { print, up, down }: Listeners): Life {
  const child = startChild(program, print);
  const gone = new AbortController();
  let wasReady = false;
  let tooSlow = false;
  const timer = setTimeout(() => {
    tooSlow = true;
    void child.stop(limits.drainTime);
  }, limits.startTime);
  void watchReadiness();
  void watchEnd();
  return { child, over: end() };

  async function watchReadiness() {
    wasReady = await probe(readiness, gone.signal);
    clearTimeout(timer);
    if (gone.signal.aborted) wasReady = false;
    if (wasReady) up();
  }

  async function watchEnd() {
    await child.gone;
    gone.abort();
    if (wasReady) down();
  }

  async function end(): Promise<End> {
    const reason = await child.ended;
    // Where it could not even be started, it never was, and never is gone.
    gone.abort();
    clearTimeout(timer);
    const slow = `did not become ready within ${limits.startTime / 1000} s`;
    return { reason: tooSlow ? slow : reason, wasReady, tooSlow, lastLines: child.lastLines() };
  }
}
