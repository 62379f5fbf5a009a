import type { Clock } from '../clock.ts';

/** Aborts what makes no progress: a timer that begins again with every byte. */
export interface IdleTimeout {
  signal: AbortSignal;
  /** Something moved, in either direction. */
  progress(): void;
  /** The next move is the caller's: the timer stops until there is progress. */
  pause(): void;
  end(): void;
}

/** How often it is looked at within the time: a timer that is set anew for every piece of a file would cost more than the piece. */
const looks = 10;

/** @param seconds without a move after which it is aborted, or up to a tenth later */
export function idleTimeout(seconds: number, clock: Clock): IdleTimeout {
  const over = new AbortController();
  let paused = false;
  let quiet = 0;
  void watch();

  async function watch(): Promise<void> {
    // The first look may come right after a move.
    while (quiet <= looks) {
      try {
        await clock.sleep((seconds * 1000) / looks, over.signal);
      } catch {
        return;
      }
      if (!paused) quiet += 1;
    }
    over.abort(new Error(`Nothing moved for ${seconds} s`));
  }

  return {
    signal: over.signal,
    progress() {
      paused = false;
      quiet = 0;
    },
    pause() {
      paused = true;
    },
    end() {
      over.abort(new Error('The request is over'));
    },
  };
}
