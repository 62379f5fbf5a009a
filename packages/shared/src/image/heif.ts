/** A box of ISO/IEC 14496-12: a length, a type of four letters, and content. */
export interface Box {
  type: string;
  content: Buffer;
}

/** An item of a HEIF file (ISO/IEC 23008-12): a coded picture, one that is made of others, EXIF, ... */
export interface Item {
  id: number;
  type: string;
  hidden: boolean;
  /** In the order in which those that transform the picture are applied. */
  properties: Box[];
  /** Where its bytes are in the file; empty if they are elsewhere. */
  extents: { start: number; length: number }[];
}

/** How one item relates to others: `dimg` is made of them, `thmb` and `auxl` accompany them. */
export interface Reference {
  type: string;
  from: number;
  to: number[];
}

/** What the `meta` box of a HEIF file says. */
export interface Heif {
  primary: number;
  items: Map<number, Item>;
  references: Reference[];
}

/**
 * Reads which pictures a HEIF file holds, without looking into any of them.
 * @throws RangeError or TypeError if the file makes no sense
 */
export function readHeif(bytes: Buffer): Heif {
  const meta = boxesOf(full(find(boxesOf(bytes), 'meta')).content);
  const items = readItems(find(meta, 'iinf'));
  readLocations(find(meta, 'iloc'), items);
  const properties = boxesOf(find(meta, 'iprp'));
  const associations = properties.filter(({ type }) => type === 'ipma');
  for (const { content } of associations) associate(content, boxesOf(find(properties, 'ipco')), items);
  const { version, content } = full(find(meta, 'pitm'));
  const references = meta.find(({ type }) => type === 'iref');
  return { primary: cursor(content).id(version > 0), items, references: references ? readReferences(references.content) : [] };
}

/** @throws RangeError if a box reaches beyond what contains it */
export function boxesOf(bytes: Buffer): Box[] {
  const boxes: Box[] = [];
  for (let at = 0; at + 8 <= bytes.length;) {
    const short = bytes.readUInt32BE(at);
    const head = short === 1 ? 16 : 8;
    const length = short === 1 ? Number(bytes.readBigUInt64BE(at + 8)) : short || bytes.length - at;
    if (length < head || at + length > bytes.length) {
      // The pixels may break off: that is found where they are looked for.
      if (bytes.toString('latin1', at + 4, at + 8) === 'mdat') break;
      throw new RangeError(`A box of ${length} bytes at ${at}`);
    }
    boxes.push({ type: bytes.toString('latin1', at + 4, at + 8), content: bytes.subarray(at + head, at + length) });
    at += length;
  }
  return boxes;
}

function find(boxes: Box[], type: string): Buffer {
  const found = boxes.find((box) => box.type === type);
  if (!found) throw new RangeError(`There is no ${type}`);
  return found.content;
}

/** A box that begins with its version and flags. */
function full(bytes: Buffer): { version: number; flags: number; content: Buffer } {
  return { version: bytes.readUInt8(0), flags: bytes.readUIntBE(1, 3), content: bytes.subarray(4) };
}

/** Reads numbers one after the other. */
function cursor(bytes: Buffer) {
  let at = 0;
  const number = (size: number): number => {
    if (size === 0) return 0;
    const value = size === 8 ? Number(bytes.readBigUInt64BE(at)) : bytes.readUIntBE(at, size);
    at += size;
    return value;
  };
  return { number, id: (long: boolean) => number(long ? 4 : 2), rest: () => bytes.subarray(at) };
}

/** 8.11.6: a count, then one `infe` for each item. */
function readItems(iinf: Buffer): Map<number, Item> {
  const { version, content } = full(iinf);
  const items = new Map<number, Item>();
  for (const box of boxesOf(content.subarray(version === 0 ? 2 : 4))) {
    const { version: form, flags, content: entry } = full(box.content);
    if (box.type !== 'infe' || form < 2) continue;
    const read = cursor(entry);
    const id = read.id(form > 2);
    read.number(2);
    items.set(id, {
      id,
      type: read.rest().toString('latin1', 0, 4),
      hidden: (flags & 1) === 1,
      properties: [],
      extents: [],
    });
  }
  return items;
}

/** 8.11.3: where each item lies. */
function readLocations(iloc: Buffer, items: Map<number, Item>): void {
  const { version, content } = full(iloc);
  const read = cursor(content);
  const sizes = read.number(2);
  const [offset, length, base, index] = [sizes >> 12, (sizes >> 8) & 15, (sizes >> 4) & 15, version > 0 ? sizes & 15 : 0];
  for (let count = read.id(version > 1); count > 0; count -= 1) {
    const item = items.get(read.id(version > 1));
    const isInFile = version === 0 || (read.number(2) & 15) === 0;
    read.number(2);
    const from = read.number(base);
    for (let extents = read.number(2); extents > 0; extents -= 1) {
      read.number(index);
      const extent = { start: from + read.number(offset), length: read.number(length) };
      if (isInFile) item?.extents.push(extent);
    }
  }
}

/** 23008-12, 9.3.1: which properties belong to which item. */
function associate(ipma: Buffer, all: Box[], items: Map<number, Item>): void {
  const { version, flags, content } = full(ipma);
  const read = cursor(content);
  for (let count = read.number(4); count > 0; count -= 1) {
    const item = items.get(read.id(version > 0));
    for (let more = read.number(1); more > 0; more -= 1) {
      const place = (flags & 1) === 1 ? read.number(2) & 0x7fff : read.number(1) & 0x7f;
      const property = all[place - 1];
      if (property) item?.properties.push(property);
    }
  }
}

/** 8.11.12. */
function readReferences(iref: Buffer): Reference[] {
  const { version, content } = full(iref);
  return boxesOf(content).map((box) => {
    const read = cursor(box.content);
    const from = read.id(version > 0);
    return { type: box.type, from, to: Array.from({ length: read.number(2) }, () => read.id(version > 0)) };
  });
}
