/** Aborts what makes no progress: a timer that restarts with every byte. */
export interface IdleTimeout {
  signal: AbortSignal;
  /** Something moved, in either direction. */
  progress(): void;
  /** The next move is the caller's: the timer stops until there is progress. */
  pause(): void;
  end(): void;
}

export function idleTimeout(seconds: number): IdleTimeout {
  const controller = new AbortController();
  const run = () => controller.abort(new Error(`Nothing moved for ${seconds} s`));
  let timer = setTimeout(run, seconds * 1000);
  const pause = () => clearTimeout(timer);
  return {
    signal: controller.signal,
    progress() {
      pause();
      timer = setTimeout(run, seconds * 1000);
    },
    pause,
    end() {
      pause();
      controller.abort(new Error('The request is over'));
    },
  };
}
