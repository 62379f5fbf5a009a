import { type Clock, systemClock } from './clock.ts';
import { CannotStart, explain } from './errors.ts';
import type { Log } from './log.ts';

export interface Running {
  /** Resolves with a message for the operator once everything is ready. Rejects if something cannot start. */
  started: Promise<string>;
  stop(): Promise<void>;
}

/**
 * Runs a command-line program until a signal comes. Then work in flight may finish; a second signal ends the program at once.
 * @param isExpected whether an error already tells the operator what to do, and so needs no stack trace
 */
export async function runProgram(
  start: () => Running,
  log: Log,
  isExpected: (error: unknown) => boolean = (error) => error instanceof CannotStart,
  clock: Clock = systemClock,
): Promise<void> {
  try {
    const running = start();
    let stopping = false;
    onStopSignal(clock, () => {
      stopping = true;
      log('runtime', 'stops; work in flight may finish. Ctrl-C again ends it at once.');
      void running.stop().then(() => process.exit(0));
    });
    try {
      process.stdout.write(await running.started);
    } catch (error) {
      if (!stopping) {
        await running.stop();
        throw error;
      }
    }
  } catch (error) {
    console.error(
      error instanceof Error && !isExpected(error) ? error.stack : error instanceof Error ? error.message : explain(error),
    );
    process.exit(1);
  }
}

/** npm passes Ctrl-C on to a program that already got it from the terminal: two within this many milliseconds are one. */
const samePress = 500;

/** Calls back at the first signal to stop; a second one ends everything at once. */
function onStopSignal(clock: Clock, stop: () => void): void {
  let first: number | undefined;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (first === undefined) {
        first = clock.now();
        stop();
      } else if (clock.now() - first > samePress) process.exit(130);
    });
  }
}
