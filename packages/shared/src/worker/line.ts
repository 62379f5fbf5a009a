/** A queue in which senders take turns: a single item need not wait behind the fifty of another sender. */
export interface Line<Item> {
  add(sender: string, item: Item): void;
  /** The first item of the sender whose turn it is. */
  take(): Item | undefined;
}

export function line<Item>(): Line<Item> {
  // In turn order: whoever was served goes to the end.
  const senders = new Map<string, Item[]>();
  return {
    add(sender, item) {
      const items = senders.get(sender);
      if (items) items.push(item);
      else senders.set(sender, [item]);
    },
    take() {
      for (const [sender, items] of senders) {
        const item = items.shift();
        senders.delete(sender);
        if (items.length > 0) senders.set(sender, items);
        return item;
      }
      return undefined;
    },
  };
}
