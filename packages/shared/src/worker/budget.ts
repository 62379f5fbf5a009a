/** Memory shared by several users: each waits for its share, first come, first served. */
export interface Budget {
  /**
   * Resolves once that many bytes are free. A request for more than the total gets all of it, alone.
   * Aborting `signal` gives up the place in line, or what was granted.
   */
  reserve(bytes: number, signal: AbortSignal): Promise<void>;
}

export function budget(total: number): Budget {
  const waiting: { bytes: number; grant: () => void }[] = [];
  let reserved = 0;

  function serve() {
    for (let next = waiting[0]; next && reserved + next.bytes <= total; next = waiting[0]) {
      waiting.shift();
      reserved += next.bytes;
      next.grant();
    }
  }

  return {
    reserve(asked, signal) {
      const bytes = Math.min(asked, total);
      return new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason as Error);
        const place = { bytes, grant: resolve };
        waiting.push(place);
        signal.addEventListener('abort', () => {
          const index = waiting.indexOf(place);
          if (index === -1) reserved -= bytes;
          else waiting.splice(index, 1);
          reject(signal.reason as Error);
          serve();
        });
        serve();
      });
    },
  };
}
