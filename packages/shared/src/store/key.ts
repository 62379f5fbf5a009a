/** Positions of the first and the last byte, both inclusive and optional. Anything past the end is left out. */
export interface Range {
  start?: number;
  end?: number;
}

const name = String.raw`[\w-][\w.-]{0,254}`;
const keyPattern = new RegExp(`^${name}(/${name})*$`);
const prefixPattern = new RegExp(`^(${name}/)*(${name})?$`);

export function isKey(text: string): boolean {
  return text.length <= 512 && keyPattern.test(text);
}

/** Keys and prefixes become paths and URLs, so anything that could lead elsewhere ("../x", "/x", "a//b", ".tmp/x") is refused here. */
export function assertKey(key: string): void {
  if (!isKey(key)) throw new TypeError(`Not a key: ${JSON.stringify(key)}`);
}

export function assertPrefix(prefix: string): void {
  if (prefix.length > 512 || !prefixPattern.test(prefix)) throw new TypeError(`Not a prefix: ${JSON.stringify(prefix)}`);
}

/** S3 answers a backwards range with the whole object, a file system with an error: it is refused for both. */
export function assertRange({ start = 0, end = Infinity }: Range): void {
  const sound = Number.isSafeInteger(start) && start >= 0 && (end === Infinity || Number.isSafeInteger(end)) && end >= start;
  if (!sound) throw new RangeError(`Not a range: ${start} to ${end}`);
}
