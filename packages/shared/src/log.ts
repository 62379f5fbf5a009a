/**
 * One step, one line, made to be read: `developed job=... image=1 filter=sepia ms=84`.
 * Values with anything but plain characters are quoted, so that no file name can forge a line.
 */
export function log(step: string, fields: Record<string, string | number | undefined> = {}): void {
  const pairs = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${/^[\w./:@+-]*$/.test(String(value)) ? value : JSON.stringify(value)}`);
  console.log([step, ...pairs].join(' '));
}
