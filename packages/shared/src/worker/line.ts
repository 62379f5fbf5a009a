/**
 * A line of those who wait, in which senders take turns by what their turns have cost: neither does one who has sent fifty keep another's one
 * waiting behind them, nor one whose fifty are large.
 */
export interface Line<Item> {
  add(sender: string, item: Item): void;
  /** The first item of the sender who has spent least; of several, of the one who has not had a turn for longest. */
  take(): Item | undefined;
  /** Counts what an item that was taken has cost, in whatever unit. It is forgotten once nobody waits. */
  spend(sender: string, cost: number): void;
}

export function line<Item>(): Line<Item> {
  /** In the order of turns: whoever was served goes to the end. */
  const waiting = new Map<string, Item[]>();
  const spent = new Map<string, number>();
  /** What whoever was served last had spent. Who comes now begins there: having sent nothing before is no credit. */
  let level = 0;
  const spentBy = (sender: string) => Math.max(level, spent.get(sender) ?? 0);

  return {
    add(sender, item) {
      const items = waiting.get(sender);
      if (items) items.push(item);
      else waiting.set(sender, [item]);
    },
    take() {
      const [first, ...others] = waiting.keys();
      if (first === undefined) {
        spent.clear();
        return undefined;
      }
      const next = others.reduce((least, sender) => (spentBy(sender) < spentBy(least) ? sender : least), first);
      level = spentBy(next);
      for (const [sender, cost] of spent) if (cost <= level) spent.delete(sender);
      const items = waiting.get(next)!;
      const item = items.shift();
      waiting.delete(next);
      if (items.length > 0) waiting.set(next, items);
      return item;
    },
    spend(sender, cost) {
      spent.set(sender, spentBy(sender) + cost);
    },
  };
}
