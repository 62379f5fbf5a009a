import type { Clock } from '../../clock.ts';
import type { Log } from '../../log.ts';

export interface LogLine {
  /** Milliseconds since 1970. */
  time: number;
  text: string;
}

/** The last lines of each process, for `kubectl logs`. */
export interface LogBook {
  /** Passes everything on to the log of the runtime. */
  log: Log;
  linesOf(source: string): readonly LogLine[];
  /** @returns a function that ends the subscription */
  follow(source: string, listener: (line: LogLine) => void): () => void;
}

const linesKept = 1000;
const longestLine = 16_384;
const sourcesKept = 100;

export function createLogBook(log: Log, clock: Clock): LogBook {
  const books = new Map<string, LogLine[]>();
  const listeners = new Map<string, Set<(line: LogLine) => void>>();

  function keep(source: string, line: LogLine): void {
    const lines = books.get(source) ?? [];
    lines.push(line);
    if (lines.length > linesKept) lines.shift();
    // The one that was silent for longest goes.
    books.delete(source);
    books.set(source, lines);
    if (books.size > sourcesKept) books.delete(books.keys().next().value!);
  }

  return {
    log(source, text) {
      log(source, text);
      const line = { time: clock.now(), text: text.slice(0, longestLine) };
      keep(source, line);
      for (const listener of listeners.get(source) ?? []) listener(line);
    },
    linesOf: (source) => books.get(source) ?? [],
    follow(source, listener) {
      const own = listeners.get(source) ?? new Set();
      listeners.set(source, own.add(listener));
      return () => {
        own.delete(listener);
        if (own.size === 0) listeners.delete(source);
      };
    },
  };
}
