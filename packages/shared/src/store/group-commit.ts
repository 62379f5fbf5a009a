/**
 * Lets those who wait for the same folder share one fsync, as databases do. One that is under way may have begun before the caller's change,
 * and does not count: all who come meanwhile share the next.
 * @param sync makes a folder durable
 */
export function groupCommit(sync: (path: string) => Promise<void>): (path: string) => Promise<void> {
  const underWay = new Map<string, Promise<void>>();
  const next = new Map<string, Promise<void>>();

  function begin(path: string): Promise<void> {
    const syncing = sync(path).finally(() => underWay.delete(path));
    underWay.set(path, syncing);
    return syncing;
  }

  return (path) => {
    const current = underWay.get(path);
    if (!current) return begin(path);
    const shared =
      next.get(path) ??
      current
        .catch(() => undefined)
        .then(() => {
          next.delete(path);
          return begin(path);
        });
    next.set(path, shared);
    return shared;
  };
}
