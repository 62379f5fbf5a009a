import { Busy } from './busy.ts';

/** Places for requests of one kind, so that too many of them, however slow, hold up none of another kind. */
export interface Bulkhead {
  /**
   * Takes a place, and returns a function that gives it back.
   * @param client undefined if clients cannot be told apart
   * @throws Busy if all places, or all of this client's, are taken
   */
  enter(client: string | undefined): () => void;
}

interface Places {
  /** In words: "uploads". */
  kind: string;
  /** 0 means any number. */
  all: number;
  /** 0 means any number. */
  perClient: number;
}

const [soon, later] = [5, 10];

export function bulkhead({ kind, all, perClient }: Places): Bulkhead {
  /** How many each client holds, and all of those together who cannot be told apart. */
  const held = new Map<string | undefined, number>();
  let taken = 0;

  return {
    enter(client) {
      const own = held.get(client) ?? 0;
      if (client !== undefined && perClient > 0 && own >= perClient)
        throw new Busy(429, `You have ${own} ${kind} under way. Wait until some have finished, then try again.`, later);
      if (all > 0 && taken >= all)
        throw new Busy(503, `There are too many ${kind} at the moment. Try again in a few seconds.`, soon);
      taken += 1;
      held.set(client, own + 1);
      let left = false;
      return () => {
        if (left) return;
        left = true;
        taken -= 1;
        const rest = held.get(client)! - 1;
        if (rest === 0) held.delete(client);
        else held.set(client, rest);
      };
    },
  };
}
