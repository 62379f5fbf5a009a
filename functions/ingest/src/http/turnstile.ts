import type { Settings } from '../settings.ts';
import { openAllowance } from './allowance.ts';
import { bulkhead } from './bulkhead.ts';

/** What every request that brings photos has to pass, so that all kinds of them together get one share. */
export interface Turnstile {
  /**
   * Receives photos of a client, if it may send some now.
   * @param receive has to tell how many bytes came, whatever became of them
   * @throws Busy if there is no room, or the client has had its share
   */
  pass<Result>(client: string | undefined, receive: (came: (bytes: number) => void) => Promise<Result>): Promise<Result>;
  /** Resolves when nothing is being received: what was cut off still has to be cleared away. */
  idle(): Promise<void>;
}

export function openTurnstile(settings: Settings): Turnstile {
  const places = bulkhead({ kind: 'posts', all: settings.MAX_UPLOADS, perClient: settings.CLIENT_REQUESTS });
  const allowance = openAllowance(settings);
  const within = new Set<Promise<unknown>>();

  return {
    async pass<Result>(client: string | undefined, receive: (came: (bytes: number) => void) => Promise<Result>) {
      await allowance.begin(client);
      const leave = places.enter(client);
      let bytes = 0;
      async function received(): Promise<Result> {
        try {
          return await receive((came) => (bytes = came));
        } finally {
          await allowance.spend(client, bytes).finally(leave);
        }
      }
      const receiving = received();
      within.add(receiving);
      return receiving.finally(() => within.delete(receiving));
    },
    async idle() {
      await Promise.allSettled(within);
    },
  };
}
