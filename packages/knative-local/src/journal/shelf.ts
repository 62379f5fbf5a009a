/** What is numbered in the order in which it comes, and goes in that order as well, so that count and weight stay within bounds. */
export interface Shelf<Item> {
  /** The next item's number. */
  readonly next: number;
  add(item: Item, bytes: number): void;
  /** An item has grown. */
  grow(number: number, bytes: number): void;
  get(number: number): Item | undefined;
  /** The newest first. */
  newest(before?: number): Generator<Item>;
}

interface Place<Item> {
  item: Item;
  bytes: number;
}

export function createShelf<Item>(bounds: { count: number; bytes: number }): Shelf<Item> {
  /** Places before `first` are empty, and cut off from time to time: shifting each would move all the others. */
  let places: (Place<Item> | undefined)[] = [];
  let first = 0;
  /** The number of the place at index 0. */
  let base = 1;
  let bytes = 0;

  function tidy(): void {
    // The newest stays, however heavy.
    while (places.length - first > 1 && (places.length - first > bounds.count || bytes > bounds.bytes)) {
      bytes -= places[first]!.bytes;
      places[first] = undefined;
      first += 1;
    }
    if (first <= bounds.count) return;
    places = places.slice(first);
    base += first;
    first = 0;
  }

  return {
    get next() {
      return base + places.length;
    },
    add(item, weight) {
      places.push({ item, bytes: weight });
      bytes += weight;
      tidy();
    },
    grow(number, more) {
      const place = places[number - base];
      if (!place) return;
      place.bytes += more;
      bytes += more;
      tidy();
    },
    get: (number) => places[number - base]?.item,
    *newest(before = Infinity) {
      for (let index = Math.min(places.length, before - base) - 1; index >= first; index -= 1) yield places[index]!.item;
    },
  };
}
