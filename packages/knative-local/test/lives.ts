import type { RevisionSpec } from '../src/manifest/topology.ts';
import type { Child, Program } from '../src/process/child.ts';
import type { Surroundings } from '../src/process/life.ts';
import { eventually } from './broker-suite/subject.ts';
import { type TestClock, testClock } from './clock.ts';

/** A revision of a service called zip. */
export const zipRevision = (changes: Partial<RevisionSpec> = {}): RevisionSpec => ({
  name: 'zip-v1',
  service: 'zip',
  folder: '/zip',
  command: ['index.mjs'],
  build: 'a',
  concurrency: 0,
  scale: { min: 0, max: 0, target: 70, window: 60_000, retention: 0 },
  readiness: { path: '/ready', period: 10_000, timeout: 1000, failureThreshold: 3 },
  environment: {},
  ...changes,
});

/** A process that is not there: it answers and dies as the test says. */
export interface Life {
  program: Program;
  /** What it answers to probes. */
  healthy: boolean;
  /** The signals that it was sent. */
  signals: string[];
  /** Prints a line. */
  print: (line: string) => void;
  die(reason?: string): void;
}

export interface Lives {
  surroundings: Surroundings;
  clock: TestClock;
  all: Life[];
  /** Every URL that was probed. */
  asked: string[];
  /** Resolves once so many processes have been started: before that, real ports and folders are looked for. */
  begun(count: number): Promise<void>;
}

/**
 * What processes depend on, in a time that the test drives.
 * @param healthy which processes answer their probes from the start
 */
export function createLives({ healthy = (_program: Program): boolean => true, heedsSignal = true } = {}): Lives {
  const clock = testClock();
  const all: Life[] = [];
  const asked: string[] = [];

  function start(program: Program, print: (line: string) => void): Child {
    const ended = Promise.withResolvers<string>();
    const life: Life = {
      program,
      healthy: healthy(program),
      signals: [],
      print,
      die: (reason = 'ended with exit code 1') => ended.resolve(reason),
    };
    all.push(life);
    return {
      gone: ended.promise.then(() => undefined),
      ended: ended.promise,
      lastLines: () => ['last words'],
      kill(signal) {
        life.signals.push(signal);
        if (heedsSignal || signal === 'SIGKILL') life.die(`was ended by ${signal}`);
      },
    };
  }

  return {
    clock,
    all,
    asked,
    surroundings: {
      start,
      clock,
      ask: async (url) => {
        asked.push(url);
        return all.some(({ program, healthy: answers }) => answers && new URL(url).port === program.environment['PORT']);
      },
    },
    async begun(count) {
      await eventually(async () => {
        await clock.advance(0);
        if (all.length < count) throw new Error(`${all.length} of ${count} have been started`);
      });
      await clock.advance(0);
    },
  };
}
