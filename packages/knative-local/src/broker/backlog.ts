/** Events that have been accepted but not yet delivered. Bounded, since they are held in memory. */
export interface Backlog {
  readonly full: boolean;
  readonly size: number;
  /** Counts one delivery until it settles. */
  hold(bytes: number, delivery: Promise<void>): void;
  /** Resolves once nothing is left. */
  empty(): Promise<void>;
}

export function createBacklog(bounds: { events: number; bytes: number }): Backlog {
  const deliveries = new Set<Promise<void>>();
  let bytes = 0;

  return {
    get full() {
      return deliveries.size >= bounds.events || bytes >= bounds.bytes;
    },
    get size() {
      return deliveries.size;
    },
    hold(size, delivery) {
      bytes += size;
      const held = delivery.finally(() => {
        bytes -= size;
        deliveries.delete(held);
      });
      deliveries.add(held);
    },
    async empty() {
      while (deliveries.size > 0) await Promise.allSettled(deliveries);
    },
  };
}
