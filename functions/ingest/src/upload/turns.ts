import { line } from '@darkroom/shared/worker/line';

/** Does some work when it is the client's turn. */
export type TakeTurn = <Result>(client: string | undefined, work: () => Promise<Result>) => Promise<Result>;

/** Lets so many work at a time. Of those who wait, clients take turns: one with sixty posts does not keep another's one behind them. */
export function openTurns(atOnce: number): TakeTurn {
  const waiting = line<() => void>();
  let free = atOnce;

  return async (client = '', work) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((begin) => waiting.add(client, begin));
    waiting.spend(client, 1);
    try {
      return await work();
    } finally {
      const begin = waiting.take();
      if (begin) begin();
      else free += 1;
    }
  };
}
