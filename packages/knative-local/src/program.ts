import { CannotStart, explain } from './errors.ts';
import type { Log } from './log.ts';

export interface Running {
  /** Resolves with what to tell the operator when everything is ready. Rejects where something cannot start. */
  started: Promise<string>;
  stop(): Promise<void>;
}

/**
 * A program of the command line, from its start to a signal. Work in flight may finish then; a second signal ends it at once.
 * @param isExpected whether an error says in a sentence what the operator can do: it is told without a stack trace
 */
export async function runProgram(
  start: () => Running,
  log: Log,
  isExpected: (error: unknown) => boolean = (error) => error instanceof CannotStart,
): Promise<void> {
  try {
    const running = start();
    let stopping = false;
    onStopSignal(() => {
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

/** npm passes Ctrl-C on to a program that the terminal has already told: two in this many milliseconds are one. */
const samePress = 500;

/** Calls back at the first signal to stop; a second one ends everything at once. */
function onStopSignal(stop: () => void): void {
  let first: number | undefined;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (first === undefined) {
        first = Date.now();
        stop();
      } else if (Date.now() - first > samePress) process.exit(130);
    });
  }
}
