/** Lets a limited number of requests through at a time, in order of arrival. */
export interface Gate {
  /** Resolves when the caller's turn comes, with a function to call when done. Rejects if `signal` is aborted first. */
  enter(signal?: AbortSignal): Promise<() => void>;
  /** Lets in whoever waits, as far as there is room. Needed only if there is more room than there was. */
  open(): void;
  /** Resolves when nobody is inside. */
  idle(): Promise<void>;
}

/** @param limit 0 means any number, as in containerConcurrency; a function says each time how much room there is */
export function gate(limit: number | (() => number)): Gate {
  const room = typeof limit === 'function' ? limit : () => limit || Infinity;
  const waiting = new Set<() => void>();
  const idlers: (() => void)[] = [];
  let inside = 0;

  function open(): void {
    for (const admit of waiting) {
      if (inside >= room()) return;
      admit();
    }
  }

  function leave(): void {
    inside -= 1;
    open();
    if (inside === 0) for (const idler of idlers.splice(0)) idler();
  }

  /** Leaving twice must not count twice. */
  function admitted(): () => void {
    inside += 1;
    let left = false;
    return () => {
      if (left) return;
      left = true;
      leave();
    };
  }

  return {
    open,
    enter(signal) {
      signal?.throwIfAborted();
      if (inside < room()) return Promise.resolve(admitted());
      return new Promise((resolve, reject) => {
        const admit = () => {
          waiting.delete(admit);
          signal?.removeEventListener('abort', away);
          resolve(admitted());
        };
        const away = () => {
          waiting.delete(admit);
          reject(signal?.reason as Error);
        };
        signal?.addEventListener('abort', away);
        waiting.add(admit);
      });
    },
    async idle() {
      if (inside > 0) await new Promise<void>((resolve) => idlers.push(resolve));
    },
  };
}
