/** npm passes Ctrl-C on to a program that the terminal has already told: two in this many milliseconds are one. */
const samePress = 500;

/**
 * Calls back at the first signal to stop, so that work in flight can finish; a second one ends everything at once.
 */
export function onStopSignal(stop: () => void): void {
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
