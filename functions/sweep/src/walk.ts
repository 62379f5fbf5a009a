import type { Clock } from '@darkroom/shared/clock';

/** Milliseconds of one turn: a ping must be answered long before its delivery is given up. */
const longestTurn = 10_000;

/** A way through a part of the store in turns, one with each ping: through a hundred thousand jobs it takes longer than one ping may take. */
export interface Walk {
  /** Begins at the first key, unless it is on its way already. */
  begin(): void;
  /** Goes on from where it was, for a while or to the end. If the store fails, it has to begin anew. */
  goOn(): Promise<void>;
}

/** @param keys yields where it can pause */
export function openWalk(keys: () => AsyncGenerator<undefined>, clock: Clock): Walk {
  let walk: AsyncGenerator<undefined> | undefined;
  let isWalking = false;
  return {
    begin: () => void (walk ??= keys()),
    async goOn() {
      if (!walk || isWalking) return;
      isWalking = true;
      const ended = new AbortController();
      const over = new AbortController();
      clock.sleep(longestTurn, ended.signal).then(
        () => over.abort(),
        () => undefined,
      );
      try {
        let done: boolean | undefined = false;
        while (!done && !over.signal.aborted) ({ done } = await walk.next());
        if (done) walk = undefined;
      } catch (error) {
        walk = undefined;
        throw error;
      } finally {
        ended.abort();
        isWalking = false;
      }
    },
  };
}
