import pLimit, { type LimitFunction } from 'p-limit';

/** Does some work when it is the client's turn. @param client undefined if clients cannot be told apart: then nobody waits */
export type TakeTurn = <Result>(client: string | undefined, work: () => Promise<Result>) => Promise<Result>;

/**
 * Lets each client do so much at a time, so that sixty posts of one do not delay the one post of another at every call to the store. There is
 * no limit on all clients together: a few large posts would then hold up everyone else.
 */
export function openTurns(perClient: number): TakeTurn {
  const limits = new Map<string, LimitFunction>();

  return async (client, work) => {
    if (client === undefined) return work();
    const limit = limits.get(client) ?? pLimit(perClient);
    limits.set(client, limit);
    try {
      return await limit(work);
    } finally {
      if (limit.activeCount + limit.pendingCount === 0) limits.delete(client);
    }
  };
}
